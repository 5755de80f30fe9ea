//! Answers that only the cluster can give: windows of time, one url's clicks, rejects, and the tables of these for a file.
//!
//! Each kind of question has a task of its own, in a session that neither the stream nor the rounds use: a slow answer delays nothing else.
//! A question that nobody wants any more is dropped, and Spark interrupts it. A question stands as long as somebody looks.

mod asking;
mod board;
mod breakdown;
mod desk;
mod line;
mod page;
mod rejects;
mod shared;
mod tables;
#[cfg(test)]
mod tests;
mod window;

pub(super) use asking::Cluster;
pub(super) use desk::ClusterDesk;
