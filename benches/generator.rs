//! How fast the generator alone is: it must not be what limits a benchmark of the pipeline.

use std::hint::black_box;

use clicktop::click::Timestamp;
use clicktop::source::traffic::{Generator, GeneratorOptions, WireFormat};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const BATCH: u64 = 10_000;

fn generator(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("generator");
    group.throughput(Throughput::Elements(BATCH));
    for (name, format) in [
        ("csv", WireFormat::Csv),
        ("json", WireFormat::Json),
        ("nested", WireFormat::Nested),
        ("mixed", WireFormat::Mixed),
    ] {
        let start = Some(Timestamp::from_millis(1_767_225_600_000));
        let mut generator = match Generator::new(GeneratorOptions { format, start, ..Default::default() }) {
            Ok(generator) => generator,
            Err(error) => panic!("{error}"),
        };
        let mut out = Vec::new();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                for _ in 0..BATCH {
                    generator.write_message(&mut out);
                }
                black_box(out.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, generator);
criterion_main!(benches);
