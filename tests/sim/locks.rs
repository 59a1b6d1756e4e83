//! The browser's lock manager: one holder of a name among all pages, the others in the order in which they came.

use crate::page::Who;

#[derive(Default)]
pub struct Locks {
    /// The first of a name holds it.
    queue: Vec<(Who, String)>,
}

impl Locks {
    /// Whether it was free, and is now held.
    pub fn try_take(&mut self, who: Who, name: &str) -> bool {
        let free = self.queue.iter().all(|(_, held)| held != name);
        if free {
            self.queue.push((who, name.into()));
        }
        free
    }

    /// Whether it is held at once; otherwise it waits.
    pub fn take(&mut self, who: Who, name: &str) -> bool {
        let free = self.queue.iter().all(|(_, held)| held != name);
        self.queue.push((who, name.into()));
        free
    }

    /// Lets go, of a lock or of waiting. Who holds it next, if that changed.
    pub fn release(&mut self, who: Who) -> Option<(Who, String)> {
        let at = self.queue.iter().position(|(of, _)| *of == who)?;
        let (_, name) = self.queue.remove(at);
        let was_held = self.queue[..at].iter().all(|(_, other)| *other != name);
        let next = self.queue.iter().find(|(_, other)| *other == name)?;
        was_held.then(|| next.clone())
    }

    pub fn holds(&self, who: Who) -> Option<&str> {
        let name = self.name_of(who)?;
        let holder = self.queue.iter().find(|(_, other)| other == name)?;
        (holder.0 == who).then_some(name)
    }

    /// What it holds or waits for.
    pub fn name_of(&self, who: Who) -> Option<&str> {
        self.queue.iter().find(|(of, _)| *of == who).map(|(_, name)| name.as_str())
    }

    /// All others that hold or wait for the same.
    pub fn others(&self, who: Who) -> Vec<Who> {
        let Some(name) = self.name_of(who) else { return Vec::new() };
        self.queue.iter().filter(|(of, other)| *of != who && other == name).map(|(of, _)| *of).collect()
    }

    pub fn of_page(&self, page: usize) -> Vec<Who> {
        self.queue.iter().filter(|(of, _)| of.page == page).map(|(of, _)| *of).collect()
    }
}
