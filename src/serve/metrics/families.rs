//! Writes families of metrics. A family without a sample is left out, with its help.

use std::fmt::Error;

use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::protocol::timings::Distribution;

/// Labels of a sample: names and values.
pub(super) type Labels<'a, const N: usize> = [(&'a str, &'a str); N];

/// A family: its name without unit and suffix, its help, its unit.
#[derive(Clone, Copy)]
pub(super) struct Family {
    name: &'static str,
    help: &'static str,
    unit: Option<Measure>,
}

/// The units of metrics.
#[derive(Clone, Copy)]
pub(super) enum Measure {
    Seconds,
    Bytes,
}

impl Family {
    /// A family whose values have no unit.
    pub(super) const fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: None }
    }

    /// A family of seconds; the name gets the suffix.
    pub(super) const fn seconds(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: Some(Measure::Seconds) }
    }

    /// A family of bytes; the name gets the suffix.
    pub(super) const fn bytes(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: Some(Measure::Bytes) }
    }
}

/// The page under way.
pub(super) struct Families<'a>(DescriptorEncoder<'a>);

impl<'a> Families<'a> {
    pub(super) fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// A gauge without labels.
    pub(super) fn gauge(&mut self, family: Family, value: Option<impl EncodeGaugeValue>) -> Result<(), Error> {
        let Some(value) = value else { return Ok(()) };
        self.with(family, MetricType::Gauge, |metric| metric.encode_gauge(&value))
    }

    /// A counter without labels.
    pub(super) fn counter(&mut self, family: Family, value: Option<impl EncodeCounterValue>) -> Result<(), Error> {
        let Some(value) = value else { return Ok(()) };
        self.with(family, MetricType::Counter, |metric| metric.encode_counter::<NoLabelSet, _, f64>(&value, None))
    }

    /// A gauge with a sample for each set of labels.
    pub(super) fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        family: Family,
        samples: impl Iterator<Item = (L, V)>,
    ) -> Result<(), Error> {
        let mut samples = samples.peekable();
        if samples.peek().is_none() {
            return Ok(());
        }
        self.with(family, MetricType::Gauge, |metric| {
            samples.try_for_each(|(labels, value)| metric.encode_family(&labels)?.encode_gauge(&value))
        })
    }

    /// A counter with a sample for each set of labels.
    pub(super) fn counters<L: EncodeLabelSet>(
        &mut self,
        family: Family,
        samples: impl Iterator<Item = (L, u64)>,
    ) -> Result<(), Error> {
        let mut samples = samples.peekable();
        if samples.peek().is_none() {
            return Ok(());
        }
        self.with(family, MetricType::Counter, |metric| {
            samples.try_for_each(|(labels, value)| {
                metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&value, None)
            })
        })
    }

    /// Facts as labels of a sample with the value 1.
    pub(super) fn info(&mut self, family: Family, labels: &impl EncodeLabelSet) -> Result<(), Error> {
        self.with(family, MetricType::Info, |metric| metric.encode_info(labels))
    }

    /// A histogram of seconds.
    pub(super) fn histogram(&mut self, family: Family, times: Option<&Distribution>) -> Result<(), Error> {
        let Some(times) = times else { return Ok(()) };
        let bounded = times.buckets.iter().map(|bucket| (bucket.up_to.as_secs_f64(), bucket.count));
        let buckets: Vec<(f64, u64)> = bounded.chain([(f64::INFINITY, times.longer)]).collect();
        self.with(family, MetricType::Histogram, |metric| {
            metric.encode_histogram::<NoLabelSet>(times.sum.as_secs_f64(), times.count(), &buckets, None)
        })
    }

    fn with(
        &mut self,
        family: Family,
        kind: MetricType,
        write: impl FnOnce(&mut MetricEncoder<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let unit = family.unit.map(|unit| match unit {
            Measure::Seconds => Unit::Seconds,
            Measure::Bytes => Unit::Bytes,
        });
        write(&mut self.0.encode_descriptor(family.name, family.help, unit.as_ref(), kind)?)
    }
}
