//! What must be done so that one tree becomes like another. Nothing is asked and nothing is done here.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::local::ignore::is_below;

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file of so many bytes.
    File(u64),
    /// A directory.
    Directory,
    /// A directory that another filesystem is mounted on.
    Mount,
    /// A symbolic link on this machine.
    Link,
    /// Something of the board's that is neither a file nor a directory.
    Other,
}

/// A tree: paths below its root, with slashes. What holds an entry is an entry itself.
pub type Side = BTreeMap<String, Kind>;

/// A step, or what is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Another filesystem that nothing is done to.
    Skip,
    /// What is neither a file nor a directory: nothing is done to it either.
    Leave,
    /// A file goes away.
    Remove,
    /// A directory goes away, which is empty by then.
    RemoveDirectory,
    /// A directory is made.
    MakeDirectory,
    /// A file comes that was not there.
    New,
    /// A file gets other content.
    Change,
    /// A file goes away when what takes its place has come.
    Replace,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// To which path.
    pub path: String,
}

impl Step {
    /// Whether a file comes.
    pub fn is_file(&self) -> bool {
        matches!(self.action, Action::New | Action::Change)
    }
}

/// What something is that is neither.
pub const NEITHER: &str = "neither a file nor a directory";
/// What a conflict with that is.
pub const IS_NEITHER: &str = "is neither a file nor a directory";

/// Steps in the order in which they are done, and what stands in the way of others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Steps.
    pub steps: Vec<Step>,
    /// Paths where something is that may not be replaced, and what it is.
    pub conflicts: Vec<(String, &'static str)>,
    /// How many files are as they should be.
    pub unchanged: usize,
}

/// What a plan may do beyond bringing files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Permission {
    /// Remove what is not wanted.
    pub delete: bool,
    /// The destination is a board, where a `NAME.part` is what a copy of NAME left: the next copy takes it up, and beside a
    /// file that is as it should be it goes away.
    pub on_board: bool,
}

/// Plans. `same` tells whether a wanted file is there already, with these sizes on both sides equal; `keeps` whether nothing may
/// be removed at an unwanted path; `shadowed` are files that others take the place of.
pub fn plan<E>(
    wanted: &Side,
    existing: &Side,
    permission: Permission,
    shadowed: &BTreeSet<String>,
    keeps: &dyn Fn(&str, Kind) -> bool,
    same: &mut dyn FnMut(&str) -> Result<bool, E>,
) -> Result<Plan, E> {
    let mut plan = Plan::default();
    let mut bring = Vec::new();
    // What has another kind than it should, and may be replaced with all below.
    let mut making_way: BTreeSet<&str> = BTreeSet::new();
    for (path, kind) in wanted {
        if plan.conflicts.iter().any(|(blocked, _)| is_below(path, blocked)) {
            continue;
        }
        let step = |action| Step { action, path: path.clone() };
        let makes_way = |path: &str| {
            permission.delete
                && within(existing, path)
                    .all(|(path, kind)| left_alone(*kind).is_none() && !keeps(path, *kind))
        };
        match (kind, existing.get(path)) {
            (_, Some(Kind::Mount)) => plan.conflicts.push((path.clone(), "is another filesystem")),
            (_, Some(Kind::Link)) => plan.conflicts.push((path.clone(), "is a symbolic link")),
            (_, Some(Kind::Other)) => plan.conflicts.push((path.clone(), IS_NEITHER)),
            (Kind::Directory, Some(Kind::Directory)) => {}
            (Kind::Directory, None) => bring.push(step(Action::MakeDirectory)),
            (Kind::Directory, Some(Kind::File(_))) if makes_way(path) => {
                making_way.insert(path);
                bring.push(step(Action::MakeDirectory));
            }
            (Kind::Directory, Some(Kind::File(_))) => {
                plan.conflicts.push((path.clone(), "is a file where a directory must be"));
            }
            (Kind::File(_), None) => bring.push(step(Action::New)),
            (Kind::File(_), Some(Kind::Directory)) if makes_way(path) => {
                making_way.insert(path);
                bring.push(step(Action::New));
            }
            (Kind::File(_), Some(Kind::Directory)) => {
                plan.conflicts.push((path.clone(), "is a directory where a file must be"));
            }
            (Kind::File(ours), Some(Kind::File(theirs))) => match ours == theirs && same(path)? {
                true => plan.unchanged += 1,
                false => bring.push(step(Action::Change)),
            },
            // What can't be brought is told before a plan is made.
            (Kind::Mount | Kind::Link | Kind::Other, _) => {}
        }
    }
    let (mut removals, late) =
        removals(wanted, existing, permission, shadowed, keeps, &making_way, &mut plan.steps);
    if permission.on_board {
        let coming: BTreeSet<&str> =
            bring.iter().filter(|step| step.is_file()).map(|step| &*step.path).collect();
        removals.retain(|step| !step.path.strip_suffix(".part").is_some_and(|of| coming.contains(of)));
    }
    plan.steps.extend(removals);
    // Directories first: their names come before those of what they hold, so the order of paths will do.
    bring.sort_by(|a, b| (a.is_file(), &a.path).cmp(&(b.is_file(), &b.path)));
    plan.steps.extend(bring);
    plan.steps.extend(late);
    Ok(plan)
}

/// What nothing is ever done to, and how that is told.
fn left_alone(kind: Kind) -> Option<Action> {
    match kind {
        Kind::Mount => Some(Action::Skip),
        Kind::Other => Some(Action::Leave),
        _ => None,
    }
}

/// What goes away before files come, and what after. What is left alone is told in `skips`.
fn removals(
    wanted: &Side,
    existing: &Side,
    permission: Permission,
    shadowed: &BTreeSet<String>,
    keeps: &dyn Fn(&str, Kind) -> bool,
    making_way: &BTreeSet<&str>,
    skips: &mut Vec<Step>,
) -> (Vec<Step>, Vec<Step>) {
    let (mut removals, mut late) = (Vec::new(), Vec::new());
    let mut kept: Vec<&str> = Vec::new();
    // Backwards, what a directory holds comes before it.
    for (path, kind) in existing.iter().rev() {
        let step = |action| Step { action, path: path.clone() };
        let in_the_way = making_way.iter().any(|way| path == way || is_below(path, way));
        if wanted.contains_key(path) && !in_the_way {
            continue;
        }
        let is_left_of = |of| matches!((wanted.get(of), kind), (Some(Kind::File(_)), Kind::File(_)));
        let leftover = permission.on_board && path.strip_suffix(".part").is_some_and(is_left_of);
        if shadowed.contains(path) && matches!(kind, Kind::File(_)) {
            late.push(step(Action::Replace));
        } else if leftover {
            removals.push(step(Action::Remove));
        } else if let Some(action) = left_alone(*kind) {
            if permission.delete && !keeps(path, *kind) {
                skips.push(step(action));
            }
            kept.push(path);
        } else if !(permission.delete || in_the_way) || keeps(path, *kind) {
            kept.push(path);
        } else if *kind != Kind::Directory {
            removals.push(step(Action::Remove));
        } else if !kept.iter().any(|kept| is_below(kept, path)) {
            removals.push(step(Action::RemoveDirectory));
        }
    }
    skips.reverse();
    late.reverse();
    (removals, late)
}

/// The entry at a path and all below.
fn within<'a>(side: &'a Side, path: &'a str) -> impl Iterator<Item = (&'a String, &'a Kind)> {
    side.range(path.to_owned()..)
        .take_while(move |(entry, _)| entry.starts_with(path))
        .filter(move |(entry, _)| *entry == path || is_below(entry, path))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn side(entries: &[&str]) -> Side {
        let kind = |text: &str| match text.split_once('=') {
            Some((path, "@")) => (path.to_owned(), Kind::Mount),
            Some((path, "->")) => (path.to_owned(), Kind::Link),
            Some((path, "?")) => (path.to_owned(), Kind::Other),
            Some((path, size)) => (path.to_owned(), Kind::File(size.parse().unwrap())),
            None => (text.trim_end_matches('/').to_owned(), Kind::Directory),
        };
        entries.iter().map(|text| kind(text)).collect()
    }

    fn planned(wanted: &[&str], existing: &[&str], delete: bool, kept: &[&str]) -> (Vec<String>, Plan) {
        let plan = plan::<Infallible>(
            &side(wanted),
            &side(existing),
            Permission { delete, on_board: true },
            &BTreeSet::from(["old.py".to_owned()]),
            &|path, _| kept.contains(&path),
            &mut |path| Ok(!path.contains("other")),
        );
        let Ok(plan) = plan;
        let shown = plan.steps.iter().map(|step| format!("{:?} {}", step.action, step.path)).collect();
        (shown, plan)
    }

    #[test]
    fn what_is_new_changed_and_the_same() {
        let (steps, plan) = planned(
            &["lib/", "lib/a=3", "same=5", "other=5", "size=5", "made=0"],
            &[
                "lib/",
                "same=5",
                "other=5",
                "size=4",
                "mine=1",
                "made.part=9",
                "same.part=9",
                "x.part=1",
                "old.py=3",
            ],
            false,
            &[],
        );
        assert_eq!(
            steps,
            ["Remove same.part", "New lib/a", "New made", "Change other", "Change size", "Replace old.py"]
        );
        assert_eq!((plan.unchanged, plan.conflicts.len()), (1, 0));
    }

    #[test]
    fn removal_goes_from_the_inside_out_and_round_what_is_kept() {
        let existing =
            ["a/", "a/b/", "a/b/x=1", "a-c=1", "k/", "k/keep=1", "k/go=1", "sd=@", "m/", "m/rom=@", "l=->"];
        let (steps, _) = planned(&[], &existing, true, &["k/keep"]);
        assert_eq!(
            steps,
            [
                "Skip m/rom",
                "Skip sd",
                "Remove l",
                "Remove k/go",
                "Remove a/b/x",
                "RemoveDirectory a/b",
                "Remove a-c",
                "RemoveDirectory a"
            ]
        );
        assert!(planned(&[], &existing, false, &[]).0.is_empty());
        let (steps, _) = planned(&[], &["dev/", "dev/null=?", "dev/x=1", "z=?"], true, &["z"]);
        assert_eq!(steps, ["Leave dev/null", "Remove dev/x"]);
    }

    #[test]
    fn a_path_that_changes_its_kind_needs_permission() {
        let (wanted, existing) = (["d/", "d/x=1", "f=1"], ["d=1", "f/", "f/y=2"]);
        let (steps, plan) = planned(&wanted, &existing, false, &[]);
        assert!(steps.is_empty(), "{steps:?}");
        assert_eq!(plan.conflicts.len(), 2);
        let (steps, plan) = planned(&wanted, &existing, true, &[]);
        assert_eq!(
            steps,
            ["Remove f/y", "RemoveDirectory f", "Remove d", "MakeDirectory d", "New d/x", "New f"]
        );
        assert!(plan.conflicts.is_empty());
        let (steps, plan) = planned(&["f=1"], &["f/", "f/y=2"], true, &["f/y"]);
        assert!(steps.is_empty(), "{steps:?}");
        assert_eq!(plan.conflicts, [("f".to_owned(), "is a directory where a file must be")]);
        let (steps, plan) = planned(&["sd/", "sd/x=1", "l=1"], &["sd=@", "l=->"], true, &[]);
        assert_eq!((steps.len(), plan.conflicts.len()), (0, 2));
        let (steps, plan) = planned(&["null=1"], &["null=?"], true, &[]);
        assert_eq!((steps.len(), plan.conflicts), (0, vec![("null".to_owned(), IS_NEITHER)]));
    }

    fn any_side() -> impl Strategy<Value = Side> {
        prop::collection::vec(("[ab](/[ab]){0,2}", 0..3u64), 0..10).prop_map(|entries| {
            let mut side = Side::new();
            for (path, size) in entries {
                let parents: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..at]).collect();
                if parents.iter().any(|parent| matches!(side.get(*parent), Some(Kind::File(_))))
                    || side.contains_key(&path)
                {
                    continue;
                }
                for parent in parents {
                    side.insert(parent.to_owned(), Kind::Directory);
                }
                side.insert(path, Kind::File(size));
            }
            side
        })
    }

    proptest! {
        /// Steps done one after the other, each possible when its turn comes, make the one tree of the other.
        #[test]
        fn the_steps_lead_there(wanted in any_side(), existing in any_side(), delete in any::<bool>()) {
            let Ok(plan) = plan::<Infallible>(
                &wanted, &existing, Permission { delete, on_board: false }, &BTreeSet::new(), &|_, _| false, &mut |_| Ok(true),
            );
            let mut now = existing.clone();
            for step in &plan.steps {
                let parent = step.path.rsplit_once('/').map(|(parent, _)| parent);
                prop_assert!(parent.is_none_or(|parent| now.get(parent) == Some(&Kind::Directory)), "{:?}", step);
                let before = now.get(&step.path).copied();
                match step.action {
                    Action::Remove => prop_assert!(matches!(now.remove(&step.path), Some(Kind::File(_)))),
                    Action::RemoveDirectory => {
                        prop_assert_eq!(now.remove(&step.path), Some(Kind::Directory));
                        prop_assert!(!now.keys().any(|path| is_below(path, &step.path)), "not empty");
                    }
                    Action::MakeDirectory => {
                        prop_assert_eq!(before, None);
                        now.insert(step.path.clone(), Kind::Directory);
                    }
                    Action::New | Action::Change => {
                        prop_assert_eq!(before.is_some(), step.action == Action::Change);
                        now.insert(step.path.clone(), wanted[&step.path]);
                    }
                    Action::Skip | Action::Leave | Action::Replace => prop_assert!(false, "{:?}", step),
                }
            }
            if delete {
                prop_assert_eq!(&now, &wanted);
                prop_assert!(plan.conflicts.is_empty());
            } else {
                prop_assert!(existing.keys().all(|path| now.contains_key(path)));
                if plan.conflicts.is_empty() {
                    prop_assert!(wanted.iter().all(|(path, kind)| now.get(path) == Some(kind)));
                }
            }
        }
    }
}
