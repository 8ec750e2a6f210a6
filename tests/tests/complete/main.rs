//! Completion: what `mpr complete` answers, and real shells with a person's finger on the TAB key.

mod answers;
mod bash;
mod fish;
mod shell;
mod zsh;
