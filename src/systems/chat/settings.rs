//! What can be asked of the chat and set on it.

use super::{HISTORY_MAX, USERS_MAX};
use crate::algo::setting::{Scale, Setting};
use crate::systems::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation("POST /messages", "The client writes to the user with the key."),
    operation("POST /groups", "The client writes to the group with the key; only members may."),
    operation("POST /my-groups", "The client writes to one of their own groups, chosen by the key."),
    operation("POST /connections", "The client comes online and gets what they missed."),
    operation("DELETE /connections", "The client goes offline."),
    operation("POST /receipts", "The client confirms and reads all that was sent to them."),
    operation("GET /messages", "The newest page of the client's conversation with the user with the key."),
    operation(
        "POST /heartbeats",
        "The client is there: connects, if they were not, and gets what they missed.",
    ),
];

pub(super) const SETTINGS: &[Setting] = &[
    Setting::integer("users", "Users", "", (2.0, USERS_MAX as f64), 1000.0, "How many users there are.")
        .usual(100.0, USERS_MAX as f64, Scale::Logarithmic),
    Setting::integer("groups", "Groups", "", (0.0, 5_000.0), 50.0, "How many groups there are.").usual(
        0.0,
        500.0,
        Scale::Linear,
    ),
    Setting::integer(
        "group_members",
        "Members of a group",
        "",
        (1.0, 500.0),
        20.0,
        "Drawn from all users; all of them if there are no more.",
    )
    .usual(2.0, 200.0, Scale::Logarithmic),
    Setting::number("online_share", "Online at the start", "", (0.0, 1.0), 0.5, "Share of the users."),
    Setting::integer("gateways", "Gateways", "", (1.0, 1000.0), 4.0, "Machines that hold the connections.")
        .usual(1.0, 32.0, Scale::Linear),
    Setting::integer(
        "history_max",
        "Messages kept",
        "",
        (1.0, HISTORY_MAX as f64),
        1000.0,
        "For each conversation; one that is full of messages somebody has yet to get refuses the next.",
    )
    .usual(10.0, HISTORY_MAX as f64, Scale::Logarithmic),
    Setting::integer(
        "page",
        "Messages of a page",
        "",
        (1.0, 100.0),
        20.0,
        "How much history is read at once.",
    ),
    Setting::toggle(
        "instant_receipts",
        "Devices confirm at once",
        true,
        "Else messages count as delivered when the event arrives, and a connection to a machine that does not \
         answer is broken.",
    ),
    Setting::toggle("dedupe", "Sends have names", true, "A message that is sent again is not sent twice."),
    Setting::toggle(
        "trust_gateways",
        "Delivered when handed over",
        false,
        "Messages count as delivered as soon as a gateway is asked to deliver them. What fails then is lost.",
    ),
    Setting::number(
        "receipt_loss",
        "Confirmations lost",
        "",
        (0.0, 1.0),
        0.0,
        "Share of a device's confirmations that do not arrive, although the message did.",
    )
    .usual(0.0, 0.3, Scale::Linear),
    Setting::number(
        "confirm_ms",
        "Confirmed within",
        "ms",
        (1.0, 3_600_000.0),
        1000.0,
        "What a device has not confirmed by then is sent again.",
    )
    .usual(100.0, 5000.0, Scale::Logarithmic),
    Setting::number(
        "presence_ms",
        "Counts as online for",
        "ms",
        (0.0, 3_600_000.0),
        0.0,
        "After the last heartbeat; 0: until somebody says otherwise.",
    )
    .usual(0.0, 10_000.0, Scale::Linear),
];
