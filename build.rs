//! Puts `src/engine/local/stages/ingest/unpack` between librdkafka and its decompressors, which have no limit of their own.

/// Each of these is defined in one object file of librdkafka and called from another.
const WRAPPED: [&str; 6] = [
    "rd_gz_decompress",
    "rd_kafka_lz4_decompress",
    "rd_kafka_snappy_java_uncompress",
    "rd_kafka_snappy_uncompressed_length",
    "rd_kafka_snappy_uncompress",
    "rd_kafka_zstd_decompress",
];
/// Called once for what a fetch has brought of a partition.
const FETCHED: &str = "rd_kafka_msgset_parse";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Only the linkers of Linux can do this.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        for symbol in WRAPPED.into_iter().chain([FETCHED]) {
            println!("cargo:rustc-link-arg=-Wl,--wrap={symbol}");
        }
    }
}
