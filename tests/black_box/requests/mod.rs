//! Requests as promised: refused in one form, carried out once and to their end.

mod bad_input;
mod ends;
mod idempotency;
mod strict;
mod too_long;
mod unreadable;
