//! What librdkafka tells of our group, and the Rust client has no safe call for.

use std::ffi::{CStr, CString};
use std::ptr::NonNull;
use std::time::Duration;

use rdkafka::bindings;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};

/// Whether the group has taken us as a member. Must not be asked while the consumer closes.
pub(super) fn is_member<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> bool {
    // SAFETY: the client is live while `consumer` is borrowed. The answer is null, or ours to destroy, which happens once, after
    // it was read.
    unsafe {
        let metadata = bindings::rd_kafka_consumer_group_metadata(consumer.client().native_ptr());
        if metadata.is_null() {
            return false;
        }
        let generation = bindings::rd_kafka_consumer_group_metadata_generation_id(metadata);
        bindings::rd_kafka_consumer_group_metadata_destroy(metadata);
        generation > 0
    }
}

/// The client ids of the members of `group`, whichever protocol each of them uses; `None` if the coordinator does not answer in time.
pub(super) fn client_ids<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    group: &str,
    timeout: Duration,
) -> Option<Vec<String>> {
    let group = CString::new(group).ok()?;
    let queue = Queue::new(consumer)?;
    ask(consumer, &group, timeout, &queue);
    let event = queue.next(timeout)?;
    Some(read(&event))
}

/// Asks for the members of `group`; the answer comes into `queue`.
fn ask<C: ConsumerContext>(consumer: &BaseConsumer<C>, group: &CStr, timeout: Duration, queue: &Queue) {
    let operation = bindings::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS;
    let client = consumer.client().native_ptr();
    let mut groups = [group.as_ptr()];
    // SAFETY: the client is live while `consumer` is borrowed, and the queue while `queue` is. The names of the groups end with a
    // zero; like the options they are copied by the call. The options, which are not null for a live client, are destroyed once.
    unsafe {
        let options = bindings::rd_kafka_AdminOptions_new(client, operation);
        let (mut reason, millis) = ([0; 128], i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX));
        // A value that it refuses leaves the default, and the wait below ends in time all the same.
        bindings::rd_kafka_AdminOptions_set_request_timeout(options, millis, reason.as_mut_ptr(), reason.len());
        bindings::rd_kafka_DescribeConsumerGroups(client, groups.as_mut_ptr(), groups.len(), options, queue.0.as_ptr());
        bindings::rd_kafka_AdminOptions_destroy(options);
    }
}

/// The client ids in an answer.
fn read(event: &Event) -> Vec<String> {
    let mut found = Vec::new();
    // SAFETY: everything that is read belongs to the event, which lives longer. The result is null if the event is another one. Groups and
    // members are read below the numbers that librdkafka gives; a text is copied, and ends with a zero if it is not null.
    unsafe {
        let result = bindings::rd_kafka_event_DescribeConsumerGroups_result(event.0.as_ptr());
        if result.is_null() {
            return found;
        }
        let mut count = 0;
        let groups = bindings::rd_kafka_DescribeConsumerGroups_result_groups(result, &raw mut count);
        for number in 0..count {
            let group = *groups.add(number);
            for member in 0..bindings::rd_kafka_ConsumerGroupDescription_member_count(group) {
                let member = bindings::rd_kafka_ConsumerGroupDescription_member(group, member);
                let name = bindings::rd_kafka_MemberDescription_client_id(member);
                if !name.is_null() {
                    found.push(CStr::from_ptr(name).to_string_lossy().into_owned());
                }
            }
        }
    }
    found
}

/// A queue of answers.
struct Queue(NonNull<bindings::rd_kafka_queue_t>);

impl Queue {
    fn new<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> Option<Self> {
        // SAFETY: the client is live while `consumer` is borrowed; the answer is a queue of ours, or null.
        NonNull::new(unsafe { bindings::rd_kafka_queue_new(consumer.client().native_ptr()) }).map(Self)
    }

    /// The next event, if one comes in time.
    fn next(&self, timeout: Duration) -> Option<Event> {
        // The request ends first, and says so.
        let longest = timeout + Duration::from_millis(500);
        let millis = i32::try_from(longest.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is live; the answer is an event of ours, or null.
        NonNull::new(unsafe { bindings::rd_kafka_queue_poll(self.0.as_ptr(), millis) }).map(Event)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: the queue came from `rd_kafka_queue_new` and is given back once.
        unsafe { bindings::rd_kafka_queue_destroy(self.0.as_ptr()) }
    }
}

struct Event(NonNull<bindings::rd_kafka_event_t>);

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: the event came from `rd_kafka_queue_poll` and is given back once.
        unsafe { bindings::rd_kafka_event_destroy(self.0.as_ptr()) }
    }
}
