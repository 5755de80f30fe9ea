//! The pipeline of the library on a broker in this process that misbehaves on request.

#[path = "../support/mod.rs"]
mod support;

mod alarms;
mod asked;
mod broker;
mod faulty_index;
mod files;
mod followed;
mod fronts;
mod groups;
mod index;
mod mapped;
mod odd;
mod reset;
mod rig;
mod schemas;
mod shutdown;
mod stages;
mod starts;
mod store;
