# The one entry to the project's scripts: `just` lists the recipes. `cargo install just` installs it.

_default:
    @just --list --unsorted

# Install the system packages that the build needs
setup *ARGS:
    scripts/setup {{ARGS}}

# Build and start the demo
demo *ARGS: setup
    cargo run -- demo {{ARGS}}

# Run the tests; with NAME only those
test *NAME: setup
    cargo test {{NAME}}

# Run every check that CI makes
ci:
    bash .ci/run

# Format the code, and run clippy on everything
lint:
    cargo fmt --all
    cargo clippy --all-targets -- -D warnings

# Run the tests with a real Kafka, Elasticsearch and OpenSearch
servers *ARGS:
    scripts/setup --servers
    scripts/servers {{ARGS}}

# Run the long form of the fault tests
faults *ARGS:
    scripts/faults {{ARGS}}

# Run the tests of the engine on Spark on a real cluster: the short form, --faults or --equality
spark *ARGS:
    scripts/setup --servers
    scripts/spark-tests {{ARGS}}

# Run a load with random faults for half an hour
soak *ARGS:
    scripts/soak {{ARGS}}

# Run the benchmarks, and compare them with the saved figures
bench *ARGS:
    scripts/bench {{ARGS}}

# Send the same events through clicktop and other programs
compare *ARGS:
    scripts/compare {{ARGS}}

# Build the binary for publishing
release:
    cargo build --release --no-default-features --features static --locked

# Renew the pictures of the README and the guide
pictures:
    cargo build --release --locked
    scripts/record
    scripts/captures
    scripts/columns assets/demo.svg

# Check the links of the pages, the spelling, the imports between files, and the commits
pages:
    scripts/docs check
    scripts/spelling
    scripts/circles
    scripts/subjects

# Check the oldest Rust that Cargo.toml supports
msrv:
    scripts/msrv

# Build the guide as a book and serve it on this machine
book:
    scripts/docs serve
