//! Wraps the decompressors that the message reader of librdkafka 2.12 calls. Each wrapper first checks how large the batch
//! becomes.
//!
//! The code is unsafe, because librdkafka offers no way to limit its decompressors. These functions replace C functions with
//! the same signatures (rdgz.h, rdkafka_lz4.h, snappy.h, rdkafka_zstd.h, rdkafka_msgset.h), rely on the guarantees of those
//! for their arguments, and keep the same guarantees: buffers come from `malloc`, since librdkafka gives them to `free`. None
//! of them may panic.

use std::cell::RefCell;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::slice;

use super::count;
use super::{Verdict, begin_fetch, judge, notice, room, took};

/// `RD_KAFKA_RESP_ERR__BAD_COMPRESSION`
const BAD_COMPRESSION: c_int = -198;

/// What a byte can become at most, a little more than the formats allow.
const GZIP_RATIO: usize = 1_100;
const LZ4_RATIO: usize = 256;

/// Where the sizes end and the errors begin of `ZSTD_getFrameContentSize` and `ZSTD_decompressBound`.
const ZSTD_ERROR: u64 = u64::MAX - 1;

// SAFETY: signatures as in the headers of librdkafka 2.12, lz4 and zstd, which are linked in with it.
unsafe extern "C" {
    fn malloc(bytes: usize) -> *mut c_void;
    fn free(memory: *mut c_void);

    fn __real_rd_gz_decompress(packed: *const c_void, length: c_int, unpacked: *mut u64) -> *mut c_void;
    fn __real_rd_kafka_lz4_decompress(
        broker: *mut c_void,
        proper_hc: c_int,
        offset: i64,
        packed: *mut c_char,
        length: usize,
        out: *mut *mut c_void,
        unpacked: *mut usize,
    ) -> c_int;
    fn __real_rd_kafka_snappy_java_uncompress(
        packed: *const c_char,
        length: usize,
        unpacked: *mut usize,
        error: *mut c_char,
        error_size: usize,
    ) -> *mut c_char;
    fn __real_rd_kafka_snappy_uncompressed_length(packed: *const c_char, length: usize, unpacked: *mut usize) -> bool;
    fn __real_rd_kafka_snappy_uncompress(packed: *const c_char, length: usize, out: *mut c_char) -> c_int;
    fn __real_rd_kafka_zstd_decompress(
        broker: *mut c_void,
        packed: *mut c_char,
        length: usize,
        out: *mut *mut c_void,
        unpacked: *mut usize,
    ) -> c_int;
    fn __real_rd_kafka_msgset_parse(
        buffer: *mut c_void,
        request: *mut c_void,
        partition: *mut c_void,
        aborted: *mut c_void,
        version: *const c_void,
    ) -> c_int;

    fn ZSTD_getFrameContentSize(packed: *const c_void, length: usize) -> u64;
    fn ZSTD_decompressBound(packed: *const c_void, length: usize) -> u64;
}

/// The packed batch.
///
/// # Safety
/// `packed` is `length` readable bytes, as librdkafka promises its decompressors.
unsafe fn bytes<'a>(packed: *const c_void, length: usize) -> &'a [u8] {
    if packed.is_null() || length > isize::MAX.cast_unsigned() {
        return &[];
    }
    // SAFETY: as above.
    unsafe { slice::from_raw_parts(packed.cast(), length) }
}

/// A copy that librdkafka may free; null if there is no memory.
fn handed_over(unpacked: &[u8]) -> *mut c_void {
    // SAFETY: the copy has room for all of it, and one byte more, so that it is never of size 0.
    unsafe {
        let copy = malloc(unpacked.len().saturating_add(1));
        if !copy.is_null() {
            ptr::copy_nonoverlapping(unpacked.as_ptr(), copy.cast(), unpacked.len());
        }
        copy
    }
}

/// Where a batch begins to be counted before it is unpacked.
fn must_count(packed: usize, ratio: usize) -> bool {
    packed.saturating_mul(ratio) > room()
}

/// A verdict on a batch of which `counted` is the size; one that is broken is for librdkafka to report, and becomes no more than
/// what could be counted of it.
fn verdict(counted: Option<usize>) -> Verdict {
    counted.map_or(Verdict::Take, judge)
}

// SAFETY: called by librdkafka only, as the function of that name.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rd_gz_decompress(packed: *const c_void, length: c_int, unpacked: *mut u64) -> *mut c_void {
    let size = usize::try_from(length).unwrap_or(0);
    // SAFETY: the arguments are those that librdkafka gives its own function.
    unsafe {
        if must_count(size, GZIP_RATIO) {
            match verdict(count::gzip(bytes(packed, size), super::LIMIT.load(super::Relaxed))) {
                Verdict::Take => {}
                Verdict::PutOff => return ptr::null_mut(),
                Verdict::Refuse => {
                    let notice = notice("gzip", size);
                    *unpacked = notice.len() as u64;
                    return handed_over(&notice);
                }
            }
        }
        let out = __real_rd_gz_decompress(packed, length, unpacked);
        if !out.is_null() {
            took(usize::try_from(*unpacked).unwrap_or(usize::MAX));
        }
        out
    }
}

// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rd_kafka_lz4_decompress(
    broker: *mut c_void,
    proper_hc: c_int,
    offset: i64,
    packed: *mut c_char,
    length: usize,
    out: *mut *mut c_void,
    unpacked: *mut usize,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        if must_count(length, LZ4_RATIO) {
            // Without a proper checksum of its header (Kafka before 0.10) only librdkafka can read it.
            let counted = match proper_hc {
                0 => Some(length.saturating_mul(LZ4_RATIO)),
                _ => count::lz4(bytes(packed.cast(), length), super::LIMIT.load(super::Relaxed)),
            };
            match verdict(counted) {
                Verdict::Take => {}
                Verdict::PutOff => return BAD_COMPRESSION,
                Verdict::Refuse => return give(&notice("lz4", length), out, unpacked),
            }
        }
        let error = __real_rd_kafka_lz4_decompress(broker, proper_hc, offset, packed, length, out, unpacked);
        if error == 0 {
            took(*unpacked);
        }
        error
    }
}

// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rd_kafka_zstd_decompress(
    broker: *mut c_void,
    packed: *mut c_char,
    length: usize,
    out: *mut *mut c_void,
    unpacked: *mut usize,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        let input = bytes(packed.cast(), length);
        // By the headers of frames and blocks; more than it becomes only where no frame tells its size.
        let bound = ZSTD_decompressBound(input.as_ptr().cast(), input.len());
        let size = usize::try_from(bound).unwrap_or(usize::MAX);
        if bound < ZSTD_ERROR && size > room() {
            let told = ZSTD_getFrameContentSize(input.as_ptr().cast(), input.len()) < ZSTD_ERROR;
            match if told { judge(size) } else { Verdict::Take } {
                Verdict::Take => {}
                Verdict::PutOff => return BAD_COMPRESSION,
                Verdict::Refuse => return give(&notice("zstd", length), out, unpacked),
            }
        }
        // Of a size that is not told, librdkafka takes no more than receive.message.max.bytes.
        let error = __real_rd_kafka_zstd_decompress(broker, packed, length, out, unpacked);
        let outcome = match (error, bound < ZSTD_ERROR && size > room()) {
            (0, _) => judge(*unpacked),
            (_, true) => Verdict::Refuse,
            _ => return error,
        };
        match outcome {
            Verdict::Take => {
                took(*unpacked);
                return 0;
            }
            Verdict::PutOff | Verdict::Refuse if error == 0 => free(*out),
            Verdict::PutOff | Verdict::Refuse => {}
        }
        match outcome {
            Verdict::Refuse => give(&notice("zstd", length), out, unpacked),
            _ => BAD_COMPRESSION,
        }
    }
}

/// Hands `notice` over as what a batch has become.
///
/// # Safety
/// `out` and `unpacked` can be written to.
unsafe fn give(notice: &[u8], out: *mut *mut c_void, unpacked: *mut usize) -> c_int {
    let copy = handed_over(notice);
    if copy.is_null() {
        return BAD_COMPRESSION;
    }
    // SAFETY: as above.
    unsafe {
        *out = copy;
        *unpacked = notice.len();
    }
    0
}

thread_local! {
    /// The notice whose length was told in place of a batch's, until it is asked for.
    static SNAPPY_NOTICE: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rd_kafka_snappy_uncompressed_length(
    packed: *const c_char,
    length: usize,
    unpacked: *mut usize,
) -> bool {
    // SAFETY: as above.
    unsafe {
        if !__real_rd_kafka_snappy_uncompressed_length(packed, length, unpacked) {
            return false;
        }
        let mut waiting = None;
        let known = match judge(*unpacked) {
            Verdict::Take => {
                took(*unpacked);
                true
            }
            Verdict::PutOff => false,
            Verdict::Refuse => {
                let notice = notice("snappy", length);
                *unpacked = notice.len();
                waiting = Some(notice);
                true
            }
        };
        SNAPPY_NOTICE.replace(waiting);
        known
    }
}

// SAFETY: as above; `out` has room for what the function before has told.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rd_kafka_snappy_uncompress(
    packed: *const c_char,
    length: usize,
    out: *mut c_char,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        match SNAPPY_NOTICE.take() {
            Some(notice) => {
                ptr::copy_nonoverlapping(notice.as_ptr(), out.cast(), notice.len());
                0
            }
            None => __real_rd_kafka_snappy_uncompress(packed, length, out),
        }
    }
}

// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rd_kafka_snappy_java_uncompress(
    packed: *const c_char,
    length: usize,
    unpacked: *mut usize,
    error: *mut c_char,
    error_size: usize,
) -> *mut c_char {
    // SAFETY: as above.
    unsafe {
        match verdict(count::snappy_java(bytes(packed.cast(), length))) {
            Verdict::Take => {
                let out = __real_rd_kafka_snappy_java_uncompress(packed, length, unpacked, error, error_size);
                if !out.is_null() {
                    took(*unpacked);
                }
                out
            }
            Verdict::PutOff => {
                // An empty text: it is read where nothing is handed over.
                if error_size > 0 {
                    *error = 0;
                }
                ptr::null_mut()
            }
            Verdict::Refuse => {
                let notice = notice("snappy", length);
                *unpacked = notice.len();
                handed_over(&notice).cast()
            }
        }
    }
}

// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rd_kafka_msgset_parse(
    buffer: *mut c_void,
    request: *mut c_void,
    partition: *mut c_void,
    aborted: *mut c_void,
    version: *const c_void,
) -> c_int {
    begin_fetch();
    // SAFETY: as above.
    unsafe { __real_rd_kafka_msgset_parse(buffer, request, partition, aborted, version) }
}

#[cfg(test)]
#[path = "wrapped_tests.rs"]
mod tests;
