//! Variables: values, attributes, and the scopes that functions stack. Scopes share what has not changed since a fork.

use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::{BStr, BString, ByteSlice};

/// What a variable holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Unset,
    Scalar(BString),
    Indexed(Rc<BTreeMap<u64, BString>>),
    Associative(Rc<Associative>),
}

/// An associative array in bash's own order: 1024 buckets by FNV-1, the newest of a bucket first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Associative {
    entries: BTreeMap<(u32, u64), (BString, BString)>,
    count: u64,
}

fn bucket(key: &[u8]) -> u32 {
    let hash = key.iter().fold(2_166_136_261u32, |h, &b| h.wrapping_mul(16_777_619) ^ (b as i8 as i32 as u32));
    hash & 1023
}

impl Associative {
    fn place(&self, key: &[u8]) -> Option<(u32, u64)> {
        let bucket = bucket(key);
        self.entries.range((bucket, 0)..=(bucket, u64::MAX)).find(|(_, (k, _))| k == key).map(|(&place, _)| place)
    }
    pub fn get(&self, key: &[u8]) -> Option<&BString> {
        self.place(key).and_then(|p| self.entries.get(&p)).map(|(_, v)| v)
    }
    pub fn set(&mut self, key: BString, value: BString) {
        match self.place(&key) {
            Some(place) => drop(self.entries.insert(place, (key, value))),
            None => {
                self.count += 1;
                self.entries.insert((bucket(&key), u64::MAX - self.count), (key, value));
            }
        }
    }
    pub fn remove(&mut self, key: &[u8]) {
        if let Some(place) = self.place(key) {
            self.entries.remove(&place);
        }
    }
    pub fn iter(&self) -> impl Iterator<Item = (&BString, &BString)> {
        self.entries.values().map(|(k, v)| (k, v))
    }
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[derive(Clone, Debug)]
pub struct Variable {
    pub value: Value,
    pub exported: bool,
    pub readonly: bool,
    pub integer: bool,
    pub lower: bool,
    pub upper: bool,
    /// `declare -n`
    pub reference: bool,
    pub trace: bool,
    /// An array that was declared and never assigned.
    pub bare: bool,
}

impl Default for Variable {
    fn default() -> Variable {
        Variable {
            value: Value::Unset,
            exported: false,
            readonly: false,
            integer: false,
            lower: false,
            upper: false,
            reference: false,
            trace: false,
            bare: false,
        }
    }
}

impl Variable {
    pub fn scalar(value: impl Into<BString>) -> Variable {
        Variable { value: Value::Scalar(value.into()), ..Variable::default() }
    }
    pub fn is_set(&self) -> bool {
        self.value != Value::Unset
    }
    /// `$name`: of an array its element 0.
    pub fn text(&self) -> Option<&BString> {
        match &self.value {
            Value::Unset => None,
            Value::Scalar(text) => Some(text),
            Value::Indexed(array) => array.get(&0),
            Value::Associative(array) => array.get(b"0"),
        }
    }
    /// Letters of the attributes, as `declare -p` and `@a` show them.
    pub fn letters(&self) -> String {
        let mut out = String::new();
        let array = match self.value {
            Value::Indexed(_) => Some('a'),
            Value::Associative(_) => Some('A'),
            _ => None,
        };
        out.extend(array);
        for (on, letter) in [
            (self.integer, 'i'),
            (self.lower, 'l'),
            (self.reference, 'n'),
            (self.readonly, 'r'),
            (self.trace, 't'),
            (self.upper, 'u'),
            (self.exported, 'x'),
        ] {
            if on {
                out.push(letter);
            }
        }
        out
    }
    /// The value as assigned: with the case attributes applied.
    pub fn cased(&self, text: BString) -> BString {
        if self.upper {
            text.to_str_lossy().to_uppercase().into()
        } else if self.lower {
            text.to_str_lossy().to_lowercase().into()
        } else {
            text
        }
    }
}

type Scope = Rc<BTreeMap<BString, Rc<Variable>>>;

#[derive(Clone, Debug)]
pub struct Variables {
    /// The first is global; each function call adds one.
    scopes: Vec<Scope>,
}

impl Default for Variables {
    fn default() -> Variables {
        Variables { scopes: vec![Rc::default()] }
    }
}

impl Variables {
    pub fn push_scope(&mut self) {
        self.scopes.push(Rc::default());
    }
    pub fn pop_scope(&mut self) {
        if self.scopes.len() > 1 {
            self.scopes.pop();
        }
    }
    pub fn depth(&self) -> usize {
        self.scopes.len() - 1
    }

    /// The variable itself, references not followed; also one that is declared but unset.
    pub fn find(&self, name: &[u8]) -> Option<&Rc<Variable>> {
        self.scopes.iter().rev().find_map(|s| s.get(BStr::new(name)))
    }
    pub fn find_local(&self, name: &[u8]) -> Option<&Rc<Variable>> {
        self.scopes.last().and_then(|s| s.get(BStr::new(name)))
    }
    /// Follows name references (at most eight, as bash warns of loops).
    pub fn resolve(&self, name: &[u8]) -> BString {
        let mut name = BString::from(name);
        for _ in 0..8 {
            match self.find(&name) {
                Some(v) if v.reference => match v.text() {
                    Some(target) if !target.is_empty() => name = target.clone(),
                    _ => break,
                },
                _ => break,
            }
        }
        name
    }
    /// The variable that a name stands for.
    pub fn get(&self, name: &[u8]) -> Option<&Rc<Variable>> {
        let found = self.find(name)?;
        if found.reference && found.is_set() {
            let target = self.resolve(name);
            let base = target.split_str("[").next().unwrap_or(&target);
            return self.find(base).filter(|v| !v.reference);
        }
        Some(found)
    }
    pub fn text(&self, name: &str) -> Option<&BString> {
        self.get(name.as_bytes()).and_then(|v| v.text())
    }

    /// The variable in the scope where it lives, or a new global one.
    pub fn entry(&mut self, name: &[u8]) -> &mut Variable {
        let at = self.scopes.iter().rposition(|s| s.contains_key(BStr::new(name))).unwrap_or(0);
        self.entry_in(at, name)
    }
    /// The variable of the innermost function (`local`, `declare` inside one).
    pub fn local_entry(&mut self, name: &[u8]) -> &mut Variable {
        self.entry_in(self.scopes.len() - 1, name)
    }
    pub fn global_entry(&mut self, name: &[u8]) -> &mut Variable {
        self.entry_in(0, name)
    }
    fn entry_in(&mut self, at: usize, name: &[u8]) -> &mut Variable {
        let scope = Rc::make_mut(&mut self.scopes[at]);
        Rc::make_mut(scope.entry(name.into()).or_default())
    }

    /// Sets a scalar of the shell's own, whatever its attributes.
    pub fn set(&mut self, name: &str, value: impl Into<BString>) {
        let v = self.entry(name.as_bytes());
        match &mut v.value {
            Value::Indexed(array) => drop(Rc::make_mut(array).insert(0, value.into())),
            slot => *slot = Value::Scalar(value.into()),
        }
    }
    pub fn set_array(&mut self, name: &str, list: impl IntoIterator<Item = BString>) {
        self.entry(name.as_bytes()).value = Value::Indexed(Rc::new((0..).zip(list).collect()));
    }

    /// Removes it from the innermost scope that has it; a local stays declared, so that it hides the outer one.
    pub fn unset(&mut self, name: &[u8]) {
        let Some(at) = self.scopes.iter().rposition(|s| s.contains_key(BStr::new(name))) else { return };
        let innermost = self.scopes.len() - 1;
        let scope = Rc::make_mut(&mut self.scopes[at]);
        if at == innermost && at > 0 {
            scope.insert(name.into(), Rc::default());
        } else {
            scope.remove(BStr::new(name));
        }
    }

    /// All variables as seen from here, by name.
    pub fn all(&self) -> BTreeMap<&BString, &Rc<Variable>> {
        let mut all = BTreeMap::new();
        for scope in &self.scopes {
            all.extend(scope.iter());
        }
        all
    }
    pub fn locals(&self) -> impl Iterator<Item = (&BString, &Rc<Variable>)> {
        self.scopes.last().into_iter().flat_map(|s| s.iter())
    }

    /// What children get: exported scalars.
    pub fn environment(&self) -> BTreeMap<BString, BString> {
        let exported = self.all().into_iter().filter(|(_, v)| v.exported);
        exported
            .filter_map(|(name, v)| match &v.value {
                Value::Scalar(text) => Some((name.clone(), text.clone())),
                _ => None,
            })
            .collect()
    }

    pub fn hash_into(&self, h: &mut crate::base::StateHasher) {
        for scope in &self.scopes {
            for (name, v) in scope.iter() {
                h.bytes(name);
                match &v.value {
                    Value::Unset => h.u8(0),
                    Value::Scalar(text) => h.bytes(text),
                    Value::Indexed(array) => array.iter().for_each(|(k, v)| {
                        h.u64(*k);
                        h.bytes(v);
                    }),
                    Value::Associative(array) => array.iter().for_each(|(k, v)| {
                        h.bytes(k);
                        h.bytes(v);
                    }),
                }
            }
        }
    }
}
