//! What a shop has migrated over many years: forty migrations with everything that teams do to a database.

use super::{Step, shop};

/// Migrations after those of the shop, of which each tool has no way down.
const LATER: [(&str, &str); 32] = [
    ("extension", "CREATE EXTENSION IF NOT EXISTS citext;\n"),
    (
        "schema and enum",
        "CREATE SCHEMA IF NOT EXISTS app;\nCREATE TYPE app.state AS ENUM ('new', 'paid');\n",
    ),
    (
        "Clients",
        "CREATE TABLE app.clients (id bigserial PRIMARY KEY, mail citext NOT NULL UNIQUE, pw text, state app.state NOT NULL DEFAULT 'new', at timestamptz NOT NULL DEFAULT now());\n",
    ),
    ("seed", "INSERT INTO app.clients (mail) VALUES ('A@x'), ('b@x');\n"),
    (
        "country",
        "CREATE TABLE country (code char(2) PRIMARY KEY, name text NOT NULL);\nINSERT INTO country VALUES ('CH', 'Schweiz'), ('DE', 'Deutschland');\n",
    ),
    (
        "more_countries",
        "INSERT INTO country VALUES ('FR', 'l''Hexagone');\nINSERT INTO country (code, name) SELECT 'IT', 'Italia';\n",
    ),
    ("enum_value", "ALTER TYPE app.state ADD VALUE IF NOT EXISTS 'gone';\n"),
    (
        "use_value",
        "ALTER TABLE app.clients ADD CONSTRAINT st CHECK (state <> 'gone' OR pw IS NULL);\n",
    ),
    (
        "größe äöü",
        "CREATE TABLE \"Größe\" (\"Maß\" numeric(10, 2), \"we\"\"ird\" text, \"select\" int DEFAULT 3);\n",
    ),
    ("it's odd", "COMMENT ON TABLE \"Größe\" IS 'it''s; -- odd';\n"),
    (
        "marks",
        "CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $fn$\nBEGIN\n  -- +goose Up\n  -- migrate:down\n  NEW.at := now(); -- ;\n  RETURN NEW;\nEND\n$fn$;\nCREATE TRIGGER t BEFORE UPDATE ON app.clients FOR EACH ROW EXECUTE FUNCTION app.touch();\n",
    ),
    (
        "new_body",
        "CREATE OR REPLACE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $fn$ BEGIN NEW.at := clock_timestamp(); RETURN NEW; END $fn$;\n",
    ),
    (
        "line ends",
        "CREATE TABLE crlf (\r\n  id int PRIMARY KEY, -- x\r\n  t text DEFAULT 'a'\r\n);\r\n",
    ),
    (
        "own_transaction",
        "BEGIN;\nALTER TABLE crlf ADD COLUMN n int;\nUPDATE crlf SET n = 1;\nALTER TABLE crlf ALTER COLUMN n SET NOT NULL;\nCOMMIT;\n",
    ),
    ("nothing", "-- nothing to do here\n"),
    (
        "block",
        "DO $$\nBEGIN\n  FOR i IN 1..5 LOOP\n    INSERT INTO crlf (id, n) VALUES (i, i);\n  END LOOP;\nEND $$;\n",
    ),
    (
        "partitions",
        "CREATE TABLE ev (id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL, d jsonb NOT NULL DEFAULT '{}', PRIMARY KEY (id, at)) PARTITION BY RANGE (at);\nCREATE TABLE ev_2023 PARTITION OF ev FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');\nCREATE INDEX ON ev USING gin (d);\n",
    ),
    (
        "circle",
        "CREATE TABLE o (id int PRIMARY KEY, main_item int);\nCREATE TABLE i (id int PRIMARY KEY, o_id int NOT NULL REFERENCES o);\nALTER TABLE o ADD FOREIGN KEY (main_item) REFERENCES i DEFERRABLE INITIALLY DEFERRED;\n",
    ),
    (
        "circle_rows",
        "INSERT INTO o VALUES (1, 1), (2, NULL);\nINSERT INTO i VALUES (1, 1), (2, 2);\n",
    ),
    (
        "domain",
        "CREATE DOMAIN posint AS int CHECK (VALUE > 0);\nCREATE TYPE pair AS (a posint, b text);\nALTER TABLE o ADD COLUMN p pair, ADD COLUMN q posint DEFAULT 1;\n",
    ),
    (
        "views",
        "CREATE VIEW app.v AS SELECT id, mail, state FROM app.clients WHERE state <> 'gone';\nCREATE MATERIALIZED VIEW app.mv AS SELECT state, count(*) AS n FROM app.clients GROUP BY 1;\n",
    ),
    (
        "rename_table",
        "ALTER TABLE country RENAME TO countries;\nALTER INDEX country_pkey RENAME TO countries_pkey;\n",
    ),
    ("rename_label", "ALTER TYPE app.state RENAME VALUE 'gone' TO 'left';\n"),
    ("drop_column", "ALTER TABLE \"Größe\" DROP COLUMN \"select\";\n"),
    (
        "rls",
        "ALTER TABLE app.clients ENABLE ROW LEVEL SECURITY;\nCREATE POLICY p ON app.clients FOR SELECT USING (mail = current_user::citext);\nGRANT SELECT ON app.clients TO PUBLIC;\n",
    ),
    (
        "sequence",
        "CREATE SEQUENCE app.num START 100 INCREMENT 5;\nALTER TABLE o ADD COLUMN num bigint NOT NULL DEFAULT nextval('app.num');\n",
    ),
    (
        "rest",
        "CREATE STATISTICS st1 (dependencies) ON id, n FROM crlf;\nCREATE RULE r1 AS ON DELETE TO \"Größe\" DO INSTEAD NOTHING;\nCREATE PROCEDURE app.fix(a int) LANGUAGE sql AS 'SELECT 1';\n",
    ),
    (
        "with",
        "WITH n AS (INSERT INTO countries VALUES ('XX', 'x') RETURNING code) SELECT code FROM n;\n",
    ),
    ("log", "CREATE TABLE log (id serial PRIMARY KEY, m text, at timestamptz DEFAULT now());\n"),
    ("log_rows", "INSERT INTO log (m) VALUES ('only'), ('rows'), (NULL);\n"),
    ("drop_table", "ALTER TABLE app.clients ALTER COLUMN mail DROP NOT NULL;\nDROP TABLE log;\n"),
    (
        "two_transactions",
        "BEGIN;\nCREATE TABLE m1 (id int);\nCOMMIT;\nBEGIN;\nCREATE TABLE m2 (id int);\nCOMMIT;\n",
    ),
];

/// All of them.
pub fn years() -> Vec<Step> {
    let later = LATER.iter().map(|(name, up)| Step {
        name: (*name).to_owned(),
        up: (*up).to_owned(),
        down: None,
        alone: ["enum_value", "two_transactions"].contains(name),
    });
    shop().into_iter().chain(later).collect()
}
