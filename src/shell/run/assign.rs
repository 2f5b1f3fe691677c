//! Assignments: attributes, arrays, subscripts, the variables with a meaning.

use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::{Flow, Shell};
use crate::shell::arithmetic;
use crate::shell::expand::Later;
use crate::shell::parse::ast::{Assign, AssignValue, Element};
use crate::shell::text;
use crate::shell::variables::{Associative, Value};

/// Where in an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Number(i64),
    Key(BString),
}

impl Shell {
    /// What a subscript's text means for this variable.
    pub(in crate::shell) async fn place_of(&mut self, name: &[u8], text: BString) -> Result<Place, Flow> {
        if matches!(self.st.vars.get(name).map(|v| &v.value), Some(Value::Associative(_))) {
            return Ok(Place::Key(text));
        }
        Ok(Place::Number(self.evaluate(&text).await?))
    }

    /// Assigns a text to a variable or element, by its attributes. The error is a message.
    pub(in crate::shell) fn assign_text(
        &mut self,
        name: &[u8],
        place: Option<Place>,
        text: BString,
        append: bool,
    ) -> Result<(), String> {
        let name = self.st.vars.resolve(name);
        // A reference to an element.
        if name.contains(&b'[')
            && let Some((base, Some(index), _, _)) = crate::shell::parse::assignment_split(&[&name[..], b"="].concat())
        {
            let place = match self.st.vars.get(&base).map(|v| &v.value) {
                Some(Value::Associative(_)) => Place::Key(index),
                _ => Place::Number(arithmetic::evaluate(&index, self)?),
            };
            return self.assign_text(&base, Some(place), text, append);
        }
        let (readonly, integer) = self.st.vars.get(&name).map_or((false, false), |v| (v.readonly, v.integer));
        if readonly {
            return Err(format!("{name}: readonly variable"));
        }
        let old = || -> BString {
            let v = self.st.vars.get(&name);
            match (&place, v.map(|v| &v.value)) {
                (Some(Place::Number(n)), Some(Value::Indexed(a))) => {
                    u64::try_from(*n).ok().and_then(|n| a.get(&n)).cloned().unwrap_or_default()
                }
                (Some(Place::Key(k)), Some(Value::Associative(a))) => a.get(k).cloned().unwrap_or_default(),
                (_, _) => v.and_then(|v| v.text().cloned()).unwrap_or_default(),
            }
        };
        let text = if integer {
            let before = if append { arithmetic::evaluate(&old(), self).unwrap_or(0) } else { 0 };
            let added = arithmetic::evaluate(&text, self)?;
            before.wrapping_add(added).to_string().into()
        } else if append {
            let mut whole = old();
            whole.extend_from_slice(&text);
            whole
        } else {
            text
        };
        let allexport = self.st.options.allexport;
        let v = self.st.vars.entry(&name);
        let text = v.cased(text);
        v.exported |= allexport;
        match (place, &mut v.value) {
            (Some(Place::Key(key)), Value::Associative(array)) => Rc::make_mut(array).set(key, text),
            (Some(Place::Key(_)), _) => return Err(format!("{name}: bad array subscript")),
            (Some(Place::Number(n)), slot) => {
                if let Value::Scalar(first) = slot {
                    *slot = Value::Indexed(Rc::new(BTreeMap::from([(0, first.clone())])));
                } else if *slot == Value::Unset {
                    *slot = Value::Indexed(Rc::default());
                }
                if let Value::Indexed(array) = slot {
                    let last = array.keys().next_back().copied();
                    let at = if n >= 0 { Some(n as u64) } else { last.and_then(|l| (l + 1).checked_add_signed(n)) };
                    let Some(at) = at else { return Err(format!("{name}[{n}]: bad array subscript")) };
                    Rc::make_mut(array).insert(at, text);
                }
            }
            (None, Value::Indexed(array)) => drop(Rc::make_mut(array).insert(0, text)),
            (None, Value::Associative(array)) => Rc::make_mut(array).set("0".into(), text),
            (None, slot) => *slot = Value::Scalar(text),
        }
        self.variable_changed(&name);
        Ok(())
    }

    /// Variables that mean something to the shell itself.
    pub(in crate::shell) fn variable_changed(&mut self, name: &[u8]) {
        match name {
            b"PATH" => Rc::make_mut(&mut self.st.hashed).clear(),
            b"OPTIND" => {
                let n = self.st.vars.text("OPTIND").and_then(|t| t.to_str().ok().and_then(|t| t.parse().ok()));
                self.st.getopts = (n.unwrap_or(1), 0);
            }
            b"RANDOM" => {
                let seed =
                    self.st.vars.text("RANDOM").and_then(|t| t.to_str().ok().and_then(|t| t.parse::<i64>().ok()));
                self.st.random = seed.unwrap_or(0) as u32;
            }
            b"SECONDS" => {
                let n = self.st.vars.text("SECONDS").and_then(|t| t.to_str().ok().and_then(|t| t.parse::<u64>().ok()));
                let now = self.ctx.now();
                self.st.started = crate::base::SimTime(now.0.saturating_sub(n.unwrap_or(0) * 1_000_000));
            }
            _ => {}
        }
    }

    /// Performs an assignment as written; the message is shown and the line given up if it cannot be.
    pub(in crate::shell) async fn assign(&mut self, assign: &Assign) -> Result<(), Flow> {
        let mut traced = None;
        match &assign.value {
            AssignValue::Scalar(word) => {
                let place = match &assign.index {
                    Some(index) => {
                        let text = self.expand_single(index).await?;
                        Some(self.place_of(&assign.name, text).await?)
                    }
                    None => None,
                };
                let value = self.expand_assigned(word).await?;
                if self.st.options.xtrace {
                    traced = Some(text::shell_quote(&value));
                    if value.is_empty() {
                        traced = Some(BString::default());
                    }
                }
                if let Err(message) = self.assign_text(&assign.name, place, value, assign.append) {
                    self.complain(message).await?;
                    return Err(Flow::Discard(1));
                }
            }
            AssignValue::Array(elements) => {
                if self.st.options.xtrace {
                    let raw: Vec<&[u8]> = elements.iter().map(|e| e.value.raw.as_slice()).collect();
                    traced = Some(format!("({})", bstr::join(" ", raw).as_bstr()).into());
                }
                self.assign_array(&assign.name, elements, assign.append, false).await?;
            }
        }
        if let Some(value) = traced {
            let op = if assign.append { "+=" } else { "=" };
            let index = assign.index.as_ref().map_or(String::new(), |i| format!("[{}]", i.raw));
            self.trace(format!("{}{index}{op}{value}", assign.name).as_bytes()).await?;
        }
        Ok(())
    }

    /// `name=(…)`; `local` puts it into the innermost function.
    pub(in crate::shell) fn assign_array<'a>(
        &'a mut self,
        name: &'a BString,
        elements: &'a [Element],
        append: bool,
        local: bool,
    ) -> Later<'a, ()> {
        Box::pin(async move {
            let name = &self.st.vars.resolve(name);
            let existing = if local { self.st.vars.find_local(name) } else { self.st.vars.get(name) }.cloned();
            if existing.as_ref().is_some_and(|v| v.readonly) {
                self.complain(format!("{name}: readonly variable")).await?;
                return Err(Flow::Discard(1));
            }
            let (integer, associative) =
                existing.as_ref().map_or((false, false), |v| (v.integer, matches!(v.value, Value::Associative(_))));
            let apply = |shell: &mut Shell, text: BString| -> Result<BString, String> {
                let text = if integer { arithmetic::evaluate(&text, shell)?.to_string().into() } else { text };
                Ok(existing.as_ref().map_or(text.clone(), |v| v.cased(text)))
            };
            let value = if associative {
                let mut array = match existing.as_ref().map(|v| &v.value) {
                    Some(Value::Associative(a)) if append => (**a).clone(),
                    _ => Associative::default(),
                };
                let mut plain = Vec::new();
                for element in elements {
                    match &element.index {
                        Some(index) => {
                            let key = self.expand_single(index).await?;
                            let mut value = self.expand_assigned(&element.value).await?;
                            if element.append
                                && let Some(old) = array.get(&key)
                            {
                                value = [&old[..], &value[..]].concat().into();
                            }
                            let value = self.checked(apply, value).await?;
                            array.set(key, value);
                        }
                        None => plain.extend(self.expand_words(std::slice::from_ref(&element.value)).await?),
                    }
                }
                let mut words = plain.into_iter();
                while let Some(key) = words.next() {
                    array.set(key, words.next().unwrap_or_default());
                }
                Value::Associative(Rc::new(array))
            } else {
                let mut array: BTreeMap<u64, BString> = match existing.as_ref().map(|v| &v.value) {
                    Some(Value::Indexed(a)) if append => (**a).clone(),
                    Some(Value::Scalar(text)) if append => BTreeMap::from([(0, text.clone())]),
                    _ => BTreeMap::new(),
                };
                let mut next = array.keys().next_back().map_or(0, |k| k + 1);
                for element in elements {
                    match &element.index {
                        Some(index) => {
                            let text = self.expand_single(index).await?;
                            let n = self.evaluate(&text).await?;
                            let end = array.keys().next_back().map_or(0, |k| k + 1);
                            let at = if n >= 0 { Some(n as u64) } else { end.checked_add_signed(n) };
                            let Some(at) = at else {
                                self.complain(format!("[{text}]={}: bad array subscript", element.value.raw)).await?;
                                continue;
                            };
                            let mut value = self.expand_assigned(&element.value).await?;
                            if element.append
                                && let Some(old) = array.get(&at)
                            {
                                value = [&old[..], &value[..]].concat().into();
                            }
                            let value = self.checked(apply, value).await?;
                            array.insert(at, value);
                            next = at + 1;
                        }
                        None => {
                            for text in self.expand_words(std::slice::from_ref(&element.value)).await? {
                                let text = self.checked(apply, text).await?;
                                array.insert(next, text);
                                next += 1;
                            }
                        }
                    }
                }
                Value::Indexed(Rc::new(array))
            };
            let v = if local { self.st.vars.local_entry(name) } else { self.st.vars.entry(name) };
            (v.value, v.bare) = (value, false);
            Ok(())
        })
    }

    async fn checked(
        &mut self,
        f: impl Fn(&mut Shell, BString) -> Result<BString, String>,
        text: BString,
    ) -> Result<BString, Flow> {
        match f(self, text) {
            Ok(text) => Ok(text),
            Err(message) => {
                self.complain(message).await?;
                Err(Flow::Discard(1))
            }
        }
    }
}
