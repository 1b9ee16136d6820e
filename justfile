# What people type often. `just` lists it.
default:
    @just --list

# One test, or those whose names contain a text, in seconds
test NAME:
    cargo nextest run {{NAME}}

# What CI runs
ci:
    bash .ci/run

# Format and lint
lint:
    cargo fmt
    cargo clippy --all-targets

# Write what the program says now into the documentation; read the difference
docs:
    GLOWPLUG_UPDATE_DOCS=1 cargo nextest run docs::
    git diff --stat -- README.md docs

# The book, in docs/book
book:
    mdbook build docs

# Completions and manual pages for the archives of a release
extras:
    cargo build --release
    mkdir -p extras
    ./target/release/glowplug completions bash > extras/glowplug.bash
    ./target/release/glowplug completions zsh > extras/_glowplug
    ./target/release/glowplug completions fish > extras/glowplug.fish
    ./target/release/glowplug man > extras/glowplug.1

# Licences, advisories, duplicates
deny:
    cargo deny check

# The wheel and the npm packages, in dist
packages:
    maturin build --release --out dist
    packaging/npm/platform.sh linux x64 target/release/glowplug dist/glowplug-linux-x64
    cd dist && npm pack ../packaging/npm ./glowplug-linux-x64
