//! Why a package cannot be installed, as typed facts.

use super::PathFault;

/// What is wrong with a package, before any board is involved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The word that names a package makes no sense.
    #[error("`{text}` names no package: {reason}")]
    Package {
        /// The word.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A manifest, or the command line, refers to something by an address that makes no sense there.
    #[error("`{text}` in {within} is no usable address: {reason}")]
    Address {
        /// The address.
        text: String,
        /// Where it stands.
        within: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A manifest is not JSON, or not of the shape of a manifest.
    #[error("the manifest `{at}` is broken at line {line}, column {column}: {detail}")]
    Manifest {
        /// Where the manifest comes from.
        at: String,
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1; 0 when the line before it is to blame.
        column: usize,
        /// What is wrong there.
        detail: String,
    },
    /// A manifest has the shape of one but says something that it must not.
    #[error("the manifest `{at}` is not usable: {detail}")]
    Content {
        /// Where the manifest comes from.
        at: String,
        /// What is wrong.
        detail: String,
    },
    /// A file of a package would land outside the target, or under a name that no board can keep.
    #[error("`{path}` in the manifest `{at}` {fault}")]
    Path {
        /// The path as the manifest has it.
        path: String,
        /// Where the manifest comes from.
        at: String,
        /// What is wrong with it.
        fault: PathFault,
    },
    /// One package wants a file where another one wants a directory.
    #[error("`{file}` would be a file for {first} and a directory for {second}")]
    Clash {
        /// The path on the board.
        file: String,
        /// A package with a file of this name.
        first: String,
        /// A package with files below it.
        second: String,
    },
    /// Two versions of one package are wanted.
    #[error("two versions of `{name}` are wanted: {first} by {first_by}, {second} by {second_by}")]
    Versions {
        /// The package.
        name: String,
        /// The version that was chosen first.
        first: String,
        /// Who wants that.
        first_by: String,
        /// The other version.
        second: String,
        /// Who wants that one.
        second_by: String,
    },
    /// More packages than any board can hold, so something runs away.
    #[error("more than {limit} packages are wanted")]
    TooManyPackages {
        /// The limit.
        limit: usize,
    },
    /// A file's content is not what the index promised.
    #[error("`{at}` is damaged: its SHA-256 starts with {got}, the index says {expected}")]
    Hash {
        /// Where it came from.
        at: String,
        /// Hexadecimal digits that were promised.
        expected: String,
        /// As many digits of what came.
        got: String,
    },
}
