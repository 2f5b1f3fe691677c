//! Saved runs in IndexedDB: an incident's head, and chunks that are only ever appended. A thin wrapper, so that a request
//! is a future.
//!
//! A chunk holds the run file's new lines and the terminal bytes recorded up to the same instant, in one transaction: what
//! is read back always fits together.

use std::cell::RefCell;

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbKeyRange, IdbObjectStore, IdbRequest, IdbTransaction, IdbTransactionMode};

use super::dom::window;
use crate::protocol::{Recorded, Saved, decode, encode};

const NAME: &str = "firedrill";
const VERSION: u32 = 1;
/// number → JSON of `Head`.
const RUNS: &str = "runs";
/// [number, n] → [lines, bytes].
const CHUNKS: &str = "chunks";

thread_local! {
    static DATABASE: RefCell<Option<IdbDatabase>> = const { RefCell::new(None) };
}

/// What is known of a saved run without its chunks.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Head {
    seed: u64,
    chunks: u32,
    end: String,
}

/// A run as it was saved.
#[derive(Clone, Debug, Default)]
pub(super) struct Stored {
    pub(super) seed: u64,
    pub(super) chunks: u32,
    pub(super) lines: Vec<String>,
    pub(super) end: String,
    pub(super) record: Vec<Recorded>,
}

type Outcome<T> = Result<T, JsValue>;

/// The database, opened by whoever needs it first. Opening twice at the same time is harmless.
async fn database() -> Outcome<IdbDatabase> {
    if let Some(open) = DATABASE.with_borrow(Clone::clone) {
        return Ok(open);
    }
    let factory = window().indexed_db()?.ok_or("no database")?;
    let request = factory.open_with_u32(NAME, VERSION)?;
    let upgrade = {
        let request = request.clone();
        Closure::once(move || {
            let Ok(database) = request.result().and_then(|r| r.dyn_into::<IdbDatabase>()) else { return };
            for name in [RUNS, CHUNKS] {
                // Refused only if the store is there already.
                let _ = database.create_object_store(name);
            }
        })
    };
    request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
    let database = done(&request).await?.dyn_into::<IdbDatabase>()?;
    DATABASE.with_borrow_mut(|slot| *slot = Some(database.clone()));
    Ok(database)
}

/// The numbers of all saved runs.
pub(super) async fn list() -> Outcome<Vec<String>> {
    let (_, runs, _) = begin(IdbTransactionMode::Readonly).await?;
    let keys = done(&runs.get_all_keys()?).await?;
    Ok(Array::from(&keys).iter().filter_map(|key| key.as_string()).collect())
}

pub(super) async fn load(number: &str) -> Outcome<Option<Stored>> {
    let (_, runs, chunks) = begin(IdbTransactionMode::Readonly).await?;
    let head = runs.get(&number.into())?;
    let parts = chunks.get_all_with_key(&range(number)?.into())?;
    let Some(head) = done(&head).await?.as_string() else { return Ok(None) };
    let head: Head = serde_json::from_str(&head).map_err(|e| JsValue::from_str(&e.to_string()))?;
    let mut stored = Stored { seed: head.seed, chunks: head.chunks, end: head.end, ..Stored::default() };
    for part in Array::from(&done(&parts).await?).iter() {
        let part = Array::from(&part);
        let lines = part.get(0).as_string().unwrap_or_default();
        stored.lines.extend(lines.lines().map(str::to_owned));
        let record: Vec<Recorded> =
            decode(&Uint8Array::new(&part.get(1)).to_vec()).map_err(|e| JsValue::from_str(&e))?;
        stored.record.extend(record);
    }
    Ok(Some(stored))
}

/// Appends chunk number `chunk` and replaces the end, at once or not at all.
pub(super) async fn append(number: &str, seed: u64, chunk: u32, saved: &Saved, record: &[Recorded]) -> Outcome<()> {
    let (transaction, runs, chunks) = begin(IdbTransactionMode::Readwrite).await?;
    let mut count = chunk;
    if !saved.lines.is_empty() || !record.is_empty() {
        let bytes = Uint8Array::from(encode(&record).as_slice());
        let value = Array::of2(&saved.lines.join("\n").into(), &bytes);
        chunks.put_with_key(&value, &key(number, chunk))?;
        count += 1;
    }
    let head = Head { seed, chunks: count, end: saved.end.clone() };
    let head = serde_json::to_string(&head).map_err(|e| JsValue::from_str(&e.to_string()))?;
    runs.put_with_key(&head.into(), &number.into())?;
    finished(&transaction).await
}

pub(super) async fn delete(number: &str) -> Outcome<()> {
    let (transaction, runs, chunks) = begin(IdbTransactionMode::Readwrite).await?;
    runs.delete(&number.into())?;
    chunks.delete(&range(number)?.into())?;
    finished(&transaction).await
}

async fn begin(mode: IdbTransactionMode) -> Outcome<(IdbTransaction, IdbObjectStore, IdbObjectStore)> {
    let database = database().await?;
    let names = Array::of2(&RUNS.into(), &CHUNKS.into());
    let transaction = database.transaction_with_str_sequence_and_mode(&names, mode)?;
    let runs = transaction.object_store(RUNS)?;
    let chunks = transaction.object_store(CHUNKS)?;
    Ok((transaction, runs, chunks))
}

fn key(number: &str, chunk: u32) -> JsValue {
    Array::of2(&number.into(), &chunk.into()).into()
}

fn range(number: &str) -> Outcome<IdbKeyRange> {
    IdbKeyRange::bound(&key(number, 0), &key(number, u32::MAX))
}

async fn done(request: &IdbRequest) -> Outcome<JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        let asked = request.clone();
        let success = Closure::once_into_js(move || {
            let _ = resolve.call1(&JsValue::NULL, &asked.result().unwrap_or(JsValue::UNDEFINED));
        });
        let error = Closure::once_into_js(move || {
            let _ = reject.call1(&JsValue::NULL, &"the request failed".into());
        });
        request.set_onsuccess(Some(success.unchecked_ref()));
        request.set_onerror(Some(error.unchecked_ref()));
    });
    JsFuture::from(promise).await
}

async fn finished(transaction: &IdbTransaction) -> Outcome<()> {
    let promise = Promise::new(&mut |resolve, reject| {
        let complete = Closure::once_into_js(move || {
            let _ = resolve.call0(&JsValue::NULL);
        });
        let error = Closure::once_into_js(move || {
            let _ = reject.call1(&JsValue::NULL, &"the transaction failed".into());
        });
        transaction.set_oncomplete(Some(complete.unchecked_ref()));
        transaction.set_onerror(Some(error.unchecked_ref()));
        transaction.set_onabort(Some(error.unchecked_ref()));
    });
    JsFuture::from(promise).await.map(|_| ())
}
