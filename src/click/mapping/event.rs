//! Makes a click of the values that a form has found.

use super::derived;
use super::fault::EventFault;
use super::place::Place;
use super::plan::{Plan, SETTINGS};
use super::source::{Buffers, Event, Refusal};
use super::url_rules;
use super::value::{Use, Value, is_absent};
use crate::click::error::DecodeError;
use crate::click::event::{Click, UNKNOWN};
use crate::click::fields::{Field, FieldLimits, Piece};
use crate::click::timestamp::Timestamp;

/// One event: its values, and where it lies.
pub(super) struct Found<'p, 'a> {
    pub(super) plan: &'a Plan,
    pub(super) slots: &'p [Value<'a>],
    /// The record with the event, and where it lies.
    pub(super) record: &'a [u8],
    /// What the record was made of, for derived ids.
    pub(super) original: &'a [u8],
    pub(super) place: Place,
    /// The index of the event in its record.
    pub(super) index: u16,
}

impl<'a> Found<'_, 'a> {
    /// Makes the click; `None` if the conditions leave the event out.
    pub(super) fn click<'b>(
        &self,
        limits: FieldLimits,
        buffers: &'b mut Buffers,
    ) -> Option<Result<Click<'b>, DecodeError>>
    where
        'a: 'b,
    {
        let (time, pieces) = match self.pieces(buffers).transpose()? {
            Ok(read) => read,
            Err(error) => return Some(Err(error)),
        };
        let [click_id, user_id, url, country, city, browser, os, device] =
            pieces.map(|piece| piece.text(&buffers.scratch));
        let click = Click { click_id, user_id, timestamp: time, url, country, city, browser, os, device };
        // No text is longer than the event, what was made of it, and the constants together.
        if self.record.len() + buffers.scratch.len() + self.plan.constant_bytes > limits.smallest()
            && let Err(error) = limits.check(&click)
        {
            return Some(Err(error));
        }
        Some(Ok(click))
    }

    /// Whether the event passes all conditions.
    pub(super) fn passes(&self, buffers: &mut Buffers) -> Result<bool, DecodeError> {
        let mut event = Event { names: &self.plan.names, slots: self.slots, buffers };
        for condition in &self.plan.conditions {
            if !condition.passes(&mut event)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The time, and the texts of the other fields; `None` if the conditions leave the event out.
    fn pieces(&self, buffers: &mut Buffers) -> Result<Option<(Timestamp, [Piece<'a>; 8])>, DecodeError> {
        let plan = self.plan;
        if !self.passes(buffers)? {
            return Ok(None);
        }
        let mut event = Event { names: &plan.names, slots: self.slots, buffers };
        let derived = derived::derive(plan, &mut event);
        if derived.is_left_out {
            return Ok(None);
        }
        let click_id = match &plan.fields[Field::ClickId as usize] {
            Some(_) => self.required(Field::ClickId, Use::Id, &mut event)?,
            None => {
                let scratch = &mut event.buffers.scratch;
                let start = scratch.len();
                self.place.write_click_id(self.original, self.index, scratch);
                Piece::Scratch { start, end: scratch.len() }
            }
        };
        let user_id = self.required(Field::UserId, Use::Id, &mut event)?;
        let time = self.required(Field::Timestamp, Use::Time, &mut event)?;
        let mut url = self.required(Field::Url, Use::Url, &mut event)?;
        if let Some(rules) = &plan.url_rules {
            let Buffers { scratch, joined, .. } = &mut *event.buffers;
            url = url_rules::apply(rules, url, scratch, joined);
            if is_absent(url.text(scratch)) {
                return Err(self.missing(Field::Url));
            }
        }
        let time = plan.clock.read(time.text(&event.buffers.scratch))?;
        // What the event itself says counts more than what its visitor tells.
        let mut optional = |field: Field, derived: Option<Piece<'a>>| -> Result<Piece<'a>, DecodeError> {
            let own = match &plan.fields[field as usize] {
                Some(origin) => origin.text(&mut event, Use::Other, SETTINGS[field as usize])?,
                None => None,
            };
            Ok(own.or(derived).unwrap_or(Piece::Message(UNKNOWN)))
        };
        let (country, city) = (optional(Field::Country, derived.country)?, optional(Field::City, derived.city)?);
        let browser = optional(Field::Browser, derived.browser)?;
        let (os, device) = (optional(Field::Os, derived.os)?, optional(Field::Device, derived.device)?);
        Ok(Some((time, [click_id, user_id, url, country, city, browser, os, device])))
    }

    fn required(&self, field: Field, of: Use, event: &mut Event<'_, 'a>) -> Result<Piece<'a>, DecodeError> {
        let Some(origin) = &self.plan.fields[field as usize] else { return Err(self.missing(field)) };
        origin.text(event, of, SETTINGS[field as usize])?.ok_or_else(|| self.missing(field))
    }

    #[cold]
    fn missing(&self, field: Field) -> DecodeError {
        DecodeError::Event(Box::new(EventFault::Missing {
            field: field.name(),
            setting: SETTINGS[field as usize],
            from: self.plan.described[field as usize].clone(),
        }))
    }
}

impl From<Refusal> for DecodeError {
    fn from(refusal: Refusal) -> Self {
        Self::Event(refusal.fault)
    }
}
