//! TODO storage
