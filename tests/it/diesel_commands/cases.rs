//! The cases of the commands that make projects and databases, and of what all commands have in common.

use super::{A, B, Case, PRINTS, TRACKING, case, two};

pub(super) fn setup() -> Vec<Case> {
    vec![
        case("setup of a new project").file("Cargo.toml", "").exact_tracking().run("setup"),
        case("setup twice is silent")
            .file("Cargo.toml", "")
            .exact_tracking()
            .run("setup")
            .run("setup"),
        case("setup without the default migration")
            .file("Cargo.toml", "")
            .exact_tracking()
            .run("setup --no-default-migration"),
        case("setup with another directory")
            .file("Cargo.toml", "")
            .run("setup --migration-dir db/changes"),
        case("setup with a directory from the environment")
            .file("Cargo.toml", "")
            .env("MIGRATION_DIRECTORY", "{dir}/elsewhere")
            .run("setup"),
        case("setup with the flag before the environment")
            .file("Cargo.toml", "")
            .env("MIGRATION_DIRECTORY", "{dir}/elsewhere")
            .run("setup --migration-dir here"),
        case("setup with a directory from diesel.toml")
            .diesel_toml("[migrations_directory]\ndir = \"db\"\n")
            .run("setup"),
        case("setup without a project").run("setup"),
        case("setup without a project, with a directory")
            .run("setup --migration-dir x")
            .refused("outside of a project nothing is written"),
        case("setup below the project").file("Cargo.toml", "").within("src/bin").run("setup"),
        case("setup deletes the .gitkeep of old versions")
            .file("Cargo.toml", "")
            .file("migrations/.gitkeep", "")
            .run("setup"),
        case("setup keeps what is there")
            .diesel_toml("[print_schema]\nfile = \"src/own.rs\"\n")
            .migration("00000000000000_diesel_initial_setup", "SELECT 1;", "SELECT 2;")
            .tables(&[A])
            .run("setup"),
        case("setup writes no schema")
            .diesel_toml(PRINTS)
            .tables(&[A])
            .run("setup --no-default-migration"),
        case("setup with a settings file that is not there writes it")
            .file("Cargo.toml", "")
            .run("setup --config-file other.toml"),
        two("setup runs nothing where the table is")
            .sql(TRACKING)
            .run("setup --no-default-migration"),
        case("setup creates the database")
            .file("Cargo.toml", "")
            .run("setup --database-url {url}_new"),
        case("setup with a failing migration")
            .file("Cargo.toml", "")
            .tables(&[A])
            .migration(B, "SELECT 1/0;", "")
            .run("setup --no-default-migration"),
        case("setup where nobody listens")
            .file("Cargo.toml", "")
            .run("setup --database-url postgres://u:hunter2@%2Fnowhere%2Fat%2Fall/d")
            .differs("a database is created only where the server says that it does not exist")
            .stdout("Creating migrations directory at: [DIR]/migrations\n"),
        case("setup with flags after and before")
            .file("Cargo.toml", "")
            .run("--database-url {url} setup --no-default-migration --migration-dir m"),
    ]
}

pub(super) fn database() -> Vec<Case> {
    vec![
        two("database setup of a missing database").run("database setup --database-url {url}_new"),
        two("database setup without the default migration")
            .run("database setup --no-default-migration --database-url {url}_new"),
        two("database setup of a present database").exact_tracking().run("database setup"),
        two("database setup with nothing on disk makes the table")
            .exact_tracking()
            .then_remove("migrations")
            .then_write("migrations/.keep", "")
            .run("database setup --no-default-migration"),
        two("database setup leaves pending ones where the table is")
            .sql(TRACKING)
            .exact_tracking()
            .run("database setup --no-default-migration"),
        two("database setup adds the default migration, and does not run it")
            .run("migration run")
            .run("database setup"),
        two("database setup writes the schema")
            .file("diesel.toml", PRINTS)
            .run("database setup --no-default-migration"),
        case("database setup without a migrations directory").diesel_toml("").run("database setup"),
        case("database setup with a failing migration")
            .diesel_toml(PRINTS)
            .tables(&[A])
            .migration(B, "SELECT 1/0;", "")
            .run("database setup --no-default-migration"),
        case("database setup with a directory that is not there")
            .diesel_toml("")
            .run("database setup --migration-dir nowhere --no-default-migration"),
        two("database setup with a directory")
            .file("other/1_o/up.sql", "CREATE TABLE o (id int PRIMARY KEY);")
            .run("database --migration-dir other setup --no-default-migration"),
        two("database reset of a present database")
            .run("migration run")
            .then_sql("CREATE TABLE by_hand (id int PRIMARY KEY)")
            .run("database reset"),
        two("database reset without the default migration")
            .run("database reset --no-default-migration"),
        two("database reset of a missing database")
            .run("database reset --no-default-migration --database-url {url}_new"),
        two("database reset writes the schema")
            .file("diesel.toml", PRINTS)
            .run("database reset --no-default-migration"),
        two("database reset without a migrations directory drops nothing")
            .run("migration run")
            .then_remove("migrations")
            .run("database reset"),
        two("database reset with a failing migration")
            .file(&format!("migrations/{B}/up.sql"), "SELECT 1/0;")
            .run("database reset --no-default-migration"),
        two("database drop").run("migration run").run("database drop"),
        two("database drop of a missing database").run("database drop --database-url {url}_none"),
        two("database drop twice").run("database drop").run("database drop"),
        case("database drop outside of a project").run("database drop"),
        two("a name with a dash and capitals")
            .run("database setup --no-default-migration --database-url {url}-Odd.Name")
            .run("database reset --no-default-migration --database-url {url}-Odd.Name")
            .run("database drop --database-url {url}-Odd.Name"),
        two("a name with parameters behind it")
            .run("database setup --no-default-migration --database-url {url}_q?connect_timeout=5"),
        two("a name with a quote in it")
            .run("database setup --no-default-migration --database-url {url}-a\"b")
            .differs("the database's name is decoded as every driver decodes it")
            .exit(0)
            .stdout(
                "Creating database: [DB]-a\"b\nRunning migration 2001-01-01-000000_a\n\
                 Running migration 2001-01-02-000000-0000_b\n",
            )
            .databases(
                "[DB]\n[DB]-a\"b\n  table a (id)\n  table b (id)\n  \
                 applied 20010101000000\n  applied 200101020000000000\n",
            ),
        two("a name with a space in it")
            .run("database setup --no-default-migration --database-url {url}-we%20ird")
            .differs("the database's name is decoded as every driver decodes it")
            .exit(0)
            .stdout(
                "Creating database: [DB]-we ird\nRunning migration 2001-01-01-000000_a\n\
                 Running migration 2001-01-02-000000-0000_b\n",
            )
            .databases(
                "[DB]\n[DB]-we ird\n  table a (id)\n  table b (id)\n  \
                 applied 20010101000000\n  applied 200101020000000000\n",
            ),
        two("a role that cannot create databases")
            .sql("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on")
            .run("database setup --database-url {url}_new"),
        two("database reset where nobody listens")
            .run("database reset --database-url postgres://u:hunter2@%2Fnowhere%2Fat%2Fall/d"),
    ]
}

pub(super) fn urls() -> Vec<Case> {
    let panics = "a URL that Diesel panics about is an error";
    let any = "any driver's URL is understood";
    let listed = "Migrations:\n  [ ] 2001-01-01-000000_a\n  [ ] 2001-01-02-000000-0000_b\n";
    vec![
        two("a URL from the flag")
            .env("DATABASE_URL", "postgres://u:hunter2@%2Fnowhere/d")
            .run("migration run --database-url {url}"),
        two("a URL from the flag before the command")
            .env("DATABASE_URL", "postgres://u:hunter2@%2Fnowhere/d")
            .run("--database-url={url} migration run"),
        two("a URL from .env")
            .file(".env", "DATABASE_URL={url}\n")
            .url_in_file()
            .run("migration run"),
        two("the environment is stronger than .env")
            .file(".env", "DATABASE_URL=postgres://u:hunter2@%2Fnowhere/d\n")
            .run("migration run"),
        two("a variable from .env")
            .file(
                ".env",
                "# a comment\n\nMIGRATION_DIRECTORY='other'\nexport X=1\n",
            )
            .file("other/1_o/up.sql", "CREATE TABLE o (id int PRIMARY KEY);")
            .run("migration run"),
        two("a variable from .env above")
            .file(".env", "DIESEL_CONFIG_FILE=\"{dir}/other.toml\"\n")
            .file("other.toml", PRINTS)
            .within("src/bin")
            .run("migration run"),
        two("a malformed .env")
            .file(".env", "A=1\nthis is hunter2\n")
            .run("migration run"),
        two("a malformed .env, and a command without a database")
            .file(".env", "A=1\nthis is hunter2\n")
            .run("migration generate x --version 1"),
        two("the longer scheme")
            .run("migration list --database-url postgresql://{db}@/{db}?host={socket}&port={port}"),
        two("nobody listens").run("migration run --database-url postgres://u:hunter2@%2Fnowhere/d"),
        two("nobody listens at the port")
            .run("migration list --database-url postgres://u:hunter2@127.0.0.1:1/d"),
        two("an unknown role")
            .run("print-schema --database-url {server}/{db}?user=nobody_here&password=hunter2"),
        two("an unknown database").run("migration run --database-url {url}_none"),
        two("an unknown database, and nothing is pending")
            .run("migration pending --database-url {url}_none"),
        two("another scheme")
            .run("migration run --database-url mysql://u:hunter2@localhost/d")
            .refused(panics),
        two("another scheme, at setup")
            .run("setup --database-url sqlite://hunter2")
            .refused(panics),
        two("no URL at all")
            .run("print-schema --database-url hunter2")
            .refused(panics),
        two("a port that is none")
            .run("migration run --database-url postgres://u:hunter2@localhost:port/d"),
        two("an unknown parameter").run("migration list --database-url {url}?nonsense=hunter2"),
        two("pairs of keys and values, as libpq has them")
            .env("DATABASE_URL", "host={socket} port={port} user={db} dbname={db}")
            .run("migration list")
            .differs(any)
            .exit(0)
            .stdout(listed),
        two("a URL of SQLAlchemy")
            .run("migration list --database-url postgresql+asyncpg://{db}@/{db}?host={socket}&port={port}")
            .differs(any)
            .exit(0)
            .stdout(listed),
    ]
}

/// For a server that asks for passwords over TCP.
pub(super) fn passwords() -> Vec<Case> {
    let door = |name| two(name).sql("ALTER ROLE CURRENT_USER PASSWORD 'right-hunter2'");
    let missing = "a database is created only where the server says that it does not exist";
    vec![
        door("the right password").run(
            "migration run --database-url postgres://{db}:right-hunter2@127.0.0.1:{port}/{db}",
        ),
        door("a wrong password")
            .run("migration run --database-url postgres://{db}:hunter2@127.0.0.1:{port}/{db}"),
        door("a wrong password, and only looking")
            .run("print-schema --database-url postgres://{db}:hunter2@127.0.0.1:{port}/{db}"),
        door("no password")
            .run("migration list --database-url postgres://{db}@127.0.0.1:{port}/{db}"),
        door("a password from the environment")
            .env("PGPASSWORD", "right-hunter2")
            .run("migration list --database-url postgres://{db}@127.0.0.1:{port}/{db}"),
        door("a wrong password at database drop")
            .run("database drop --database-url postgres://{db}:hunter2@127.0.0.1:{port}/{db}"),
        door("a wrong password at database reset")
            .run("database reset --database-url postgres://{db}:hunter2@127.0.0.1:{port}/{db}"),
        door("a wrong password at database setup")
            .run("database setup --database-url postgres://{db}:hunter2@127.0.0.1:{port}/{db}")
            .differs(missing)
            .stdout(""),
        door("a missing database with the right password").run(
            "database setup --no-default-migration \
                 --database-url postgres://{db}:right-hunter2@127.0.0.1:{port}/{db}_new",
        ),
    ]
}

pub(super) fn configuration() -> Vec<Case> {
    let first = "settings are read before anything is applied";
    vec![
        two("diesel.toml with an unknown table").diesel_toml("[nonsense]\n").run("migration run"),
        two("diesel.toml with an unknown key").diesel_toml("nonsense = 1\n").run("print-schema"),
        two("diesel.toml with an unknown key of print_schema")
            .diesel_toml("[print_schema]\nfil = \"src/schema.rs\"\n")
            .run("migration list"),
        two("diesel.toml with an unknown key of a key of print_schema")
            .diesel_toml("[print_schema.one]\nfil = \"src/schema.rs\"\n")
            .run("print-schema"),
        two("diesel.toml that is malformed").diesel_toml("[print_schema\n").run("migration run"),
        two("diesel.toml that is malformed, found late")
            .diesel_toml("[print_schema\n")
            .run("migration run --migration-dir migrations")
            .refused(first),
        two("diesel.toml with a filter of both kinds")
            .diesel_toml(
                "[print_schema]\nfilter = { only_tables = [\"a\"], except_tables = [\"b\"] }\n",
            )
            .run("print-schema"),
        two("diesel.toml with a wrong expression")
            .diesel_toml("[print_schema]\nfilter = { only_tables = [\"(\"] }\n")
            .run("print-schema"),
        two("diesel.toml without the directory of migrations")
            .diesel_toml("[migrations_directory]\n")
            .run("migration list"),
        two("a settings file that is not there is not missed")
            .diesel_toml(PRINTS)
            .run("migration run --config-file nowhere.toml"),
        two("a settings file that is not there, from the environment")
            .diesel_toml(PRINTS)
            .env("DIESEL_CONFIG_FILE", "nowhere.toml")
            .run("migration run"),
        two("a settings file from the environment")
            .file("conf/other.toml", PRINTS)
            .env("DIESEL_CONFIG_FILE", "conf/other.toml")
            .run("migration run"),
        two("a settings file before the command")
            .file("other.toml", PRINTS)
            .run("--config-file other.toml migration run"),
        two("a settings file between the commands")
            .file("other.toml", PRINTS)
            .run("migration --config-file=other.toml run"),
        two("a settings file behind the command, stronger than the environment")
            .file("other.toml", PRINTS)
            .env("DIESEL_CONFIG_FILE", "nowhere.toml")
            .run("migration run --config-file other.toml"),
        case("a directory of migrations beside the settings file")
            .file("conf/diesel.toml", "[migrations_directory]\ndir = \"changes\"\n")
            .file("conf/changes/1_a/up.sql", "CREATE TABLE a (id int PRIMARY KEY);")
            .run("migration run --config-file conf/diesel.toml"),
        case("the environment is stronger than diesel.toml")
            .diesel_toml("[migrations_directory]\ndir = \"nowhere\"\n")
            .tables(&[A])
            .env("MIGRATION_DIRECTORY", "migrations")
            .run("migration run"),
        case("the nearest project counts")
            .diesel_toml("[print_schema]\nfile = \"outer.rs\"\n")
            .file("inner/diesel.toml", "[print_schema]\nfile = \"inner.rs\"\n")
            .file("inner/Cargo.toml", "")
            .tables(&[A])
            .within("inner/src")
            .run("migration run"),
        case("diesel.toml is stronger than a nearer Cargo.toml")
            .diesel_toml("[print_schema]\nfile = \"outer.rs\"\n")
            .file("inner/Cargo.toml", "")
            .tables(&[A])
            .within("inner/src")
            .run("migration run"),
    ]
}

pub(super) fn usage() -> Vec<Case> {
    vec![
        two("no arguments").run(""),
        two("migration and no more").run("migration"),
        two("database and no more").run("database"),
        two("an unknown command").run("nonsense"),
        two("an unknown command of migration").run("migration nonsense"),
        two("an unknown command of database").run("database nonsense"),
        two("an unknown flag").run("migration run --nonsense"),
        two("an argument too many").run("migration run x"),
        two("a flag without its value").run("migration run --database-url"),
        two("help").run("--help").for_people(),
        two("help, shortly").run("-h").for_people(),
        two("help as a command").run("help migration revert").for_people(),
        two("help of a command").run("migration --help").for_people(),
        two("help of a command's command").run("migration generate --help").for_people(),
        two("help of print-schema").run("print-schema -h").for_people(),
        two("help of database drop").run("database drop --help").for_people(),
        two("the version").run("--version").for_people(),
        two("the version, shortly").run("-V").for_people(),
        two("completions of bash").run("completions bash").for_people(),
        two("completions of zsh").run("completions zsh").for_people(),
        two("completions of fish").run("completions fish").for_people(),
        two("completions of elvish").run("completions elvish").for_people(),
        two("completions of powershell").run("completions powershell").for_people(),
        two("completions of no shell").run("completions nonsense"),
        two("completions of nothing").run("completions"),
    ]
}
