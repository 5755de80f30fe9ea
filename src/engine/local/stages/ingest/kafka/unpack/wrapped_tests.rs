use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::*;
use crate::engine::local::stages::ingest::kafka::unpack::count::{gzip, lz4, snappy_java};
use crate::engine::local::stages::ingest::kafka::unpack::{DEFAULT_LIMIT, refusal};

/// Zeros in gzip's framing, or in zlib's.
fn zeros(bytes: usize, gzip: bool) -> Vec<u8> {
    let plain = vec![0; bytes];
    match gzip {
        true => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&plain).and_then(|()| encoder.finish())
        }
        false => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&plain).and_then(|()| encoder.finish())
        }
    }
    .expect("to memory")
}

fn gunzip(packed: &[u8]) -> Option<Vec<u8>> {
    begin_fetch();
    let mut length = 0;
    // SAFETY: the packed bytes and their length; what comes back is copied and freed once.
    unsafe {
        let out = __wrap_rd_gz_decompress(packed.as_ptr().cast(), packed.len() as c_int, &raw mut length);
        let copy = (!out.is_null()).then(|| bytes(out, length as usize).to_vec());
        free(out);
        copy
    }
}

/// What a notice says, behind its length, attributes, deltas and sizes.
fn said(unpacked: &[u8]) -> Option<String> {
    (0..unpacked.len()).find_map(|at| refusal(&unpacked[at..]))
}

#[test]
fn gzip_is_unpacked_up_to_the_limit_and_refused_beyond_it() {
    for gzip in [true, false] {
        let honest = zeros(DEFAULT_LIMIT, gzip);
        assert_eq!(gunzip(&honest).map(|unpacked| unpacked.len()), Some(DEFAULT_LIMIT));
        let bomb = gunzip(&zeros(DEFAULT_LIMIT + 1, gzip)).expect("a notice");
        assert!(said(&bomb).expect("a notice").contains("(gzip) becomes more than 67108864 bytes"));
    }
    assert_eq!(gunzip(b"no gzip at all"), None);
}

#[test]
fn a_broken_batch_is_counted_as_broken() {
    let packed = zeros(1 << 20, true);
    assert_eq!(gzip(&packed, usize::MAX), Some(1 << 20));
    assert_eq!(gzip(&packed[..packed.len() - 9], usize::MAX), None);
    assert_eq!(lz4(b"no lz4 at all", usize::MAX), None);
}

#[test]
fn snappy_chunks_are_counted_by_what_they_say() {
    // Three letters as a literal, in a chunk of five bytes.
    let chunk = [0, 0, 0, 5, 3, 8, b'a', b'b', b'c'];
    assert_eq!(snappy_java(&chunk), Some(3));
    assert_eq!(snappy_java(&[chunk, chunk].concat()), Some(6));
    assert_eq!(snappy_java(&chunk[..8]), None);
    // A chunk that says it becomes 2 GiB.
    let bomb = [0, 0, 0, 6, 0x80, 0x80, 0x80, 0x80, 0x08, 0];
    assert_eq!(snappy_java(&bomb), Some(1 << 31));
    begin_fetch();
    let (mut length, mut error) = (0, [0; 16]);
    // SAFETY: as above.
    unsafe {
        let out = __wrap_rd_kafka_snappy_java_uncompress(
            bomb.as_ptr().cast(),
            bomb.len(),
            &raw mut length,
            error.as_mut_ptr(),
            error.len(),
        );
        let unpacked = bytes(out.cast(), length).to_vec();
        free(out.cast());
        assert!(said(&unpacked).expect("a notice").contains("(snappy)"));
    }
}
