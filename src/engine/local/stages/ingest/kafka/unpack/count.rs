//! Measures how large a compressed batch becomes: decompresses it piece by piece and drops the result, or reads the
//! size that the batch states.

use std::ffi::{c_char, c_uint, c_void};
use std::io::Read;
use std::ptr;

use flate2::bufread::{GzDecoder, ZlibDecoder};

/// What is unpacked at a time.
const SCRATCH: usize = 64 * 1024;

/// `LZ4F_VERSION`
const LZ4F_VERSION: c_uint = 100;

// SAFETY: signatures as in the headers of lz4 and of librdkafka 2.12, which has both linked in.
unsafe extern "C" {
    fn LZ4F_createDecompressionContext(context: *mut *mut c_void, version: c_uint) -> usize;
    fn LZ4F_freeDecompressionContext(context: *mut c_void) -> usize;
    fn LZ4F_isError(code: usize) -> c_uint;
    fn LZ4F_decompress(
        context: *mut c_void,
        out: *mut c_void,
        out_size: *mut usize,
        packed: *const c_void,
        packed_size: *mut usize,
        options: *const c_void,
    ) -> usize;

    // The linker gives the real one to nobody but this name.
    #[link_name = "__real_rd_kafka_snappy_uncompressed_length"]
    fn rd_kafka_snappy_uncompressed_length(packed: *const c_char, length: usize, unpacked: *mut usize) -> bool;
}

/// Reads `unpacked` to its end, or until it is longer than `most`; `None` if it is broken.
fn count(mut unpacked: impl Read, most: usize) -> Option<usize> {
    let mut scratch = vec![0; SCRATCH];
    let mut total = 0_usize;
    loop {
        match unpacked.read(&mut scratch) {
            Ok(0) => return Some(total),
            Ok(read) => total = total.saturating_add(read),
            Err(_) => return None,
        }
        if total > most {
            return Some(total);
        }
    }
}

/// librdkafka takes zlib's own framing too.
pub(super) fn gzip(packed: &[u8], most: usize) -> Option<usize> {
    match packed.starts_with(&[0x1f, 0x8b]) {
        true => count(GzDecoder::new(packed), most),
        false => count(ZlibDecoder::new(packed), most),
    }
}

pub(super) fn lz4(packed: &[u8], most: usize) -> Option<usize> {
    let mut scratch = vec![0_u8; SCRATCH];
    let mut context = ptr::null_mut();
    let mut rest = packed;
    let mut total = 0_usize;
    let mut outcome = None;
    // SAFETY: the context is freed once, and each call is given the sizes of the buffers it gets.
    unsafe {
        if LZ4F_isError(LZ4F_createDecompressionContext(&raw mut context, LZ4F_VERSION)) != 0 {
            return None;
        }
        loop {
            let (mut written, mut read) = (scratch.len(), rest.len());
            let more = LZ4F_decompress(
                context,
                scratch.as_mut_ptr().cast(),
                &raw mut written,
                rest.as_ptr().cast(),
                &raw mut read,
                ptr::null(),
            );
            if LZ4F_isError(more) != 0 {
                break;
            }
            total = total.saturating_add(written);
            rest = rest.get(read..).unwrap_or_default();
            if more == 0 || total > most || (written == 0 && read == 0) {
                outcome = Some(total);
                break;
            }
        }
        LZ4F_freeDecompressionContext(context);
    }
    outcome
}

/// The sum of what the chunks of snappy-java's framing say they become; `None` if it is broken.
pub(super) fn snappy_java(packed: &[u8]) -> Option<usize> {
    let mut rest = packed;
    let mut total = 0_usize;
    while let Some((length, more)) = rest.split_first_chunk::<4>() {
        let (chunk, more) = more.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let mut size = 0;
        // SAFETY: a chunk with its length, and a place for the answer.
        if !unsafe { rd_kafka_snappy_uncompressed_length(chunk.as_ptr().cast(), chunk.len(), &raw mut size) } {
            return None;
        }
        total = total.saturating_add(size);
        rest = more;
    }
    Some(total)
}
