//! Cuts the page's program in two: what a first visit runs, and what follows once the page stands.
//!
//! Most of a program is not needed before somebody does something. What `profile` never saw running moves to a second
//! module: functions, parts of others ([`crate::outline`]), and what data only these name ([`crate::data`]). The two
//! share memory, tables and globals. The first calls the second's functions through the table of functions, and before
//! it does so, it waits for the second module if that is not there yet. Where a function's address was taken, a
//! placeholder stands for it that the script brings (`link.js`), one for all of a type: when it is called it fetches
//! the second module, and then calls what has taken its place. So the list of what moves decides only when something
//! is loaded, never what the program does.
//!
//! Binaryen's `wasm-split` does the same; it is neither a crate nor a package.

use crate::data::{self, Linked};
use crate::outline::{Fork, Globals, PART, forks, outermost, outline, shape, size};
use anyhow::{Context, Result, bail};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use walrus::ir::{self, Instr, InstrSeq, Value, Visitor, VisitorMut, dfs_in_order, dfs_pre_order_mut};
use walrus::{
    ConstExpr, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId, FunctionKind, GlobalId,
    GlobalKind, ImportKind, ImportedFunction, LocalFunction, Module, TableId, TypeId, ValType, passes,
};

/// The end of the name that wasm-bindgen gives the program's script, from where it imports.
const SCRIPT_FILE: &str = "_bg.js";
/// From where both modules import what their script does: by its number there, or by no name at all where it is one more
/// than that of the import before.
const SCRIPT: &str = "own";
/// From where the first module imports the placeholders, and the name of them all.
const PLACEHOLDERS: &str = "late";
const PLACEHOLDER: &str = "called";
/// From where the second imports functions of the first: each by the number of its place in the table, in the same way.
const STAYING: &str = "early";
/// From where the second imports what else it shares with the first. `link.js` knows all these names, and the next.
const PAGE: &str = "page";
/// The table of functions, among what the first exports.
const TABLE: &str = "functions";
/// Among the first's exports: not 0 once the second module is there.
const LINKED: &str = "linked";
/// Beside the placeholders: does not return before the second module is there.
const LINK: &str = "link";
/// Among the first's exports: the place of what it calls through the table.
const CALLED: &str = "called";
/// The memory, as every module of Rust's exports it.
const MEMORY: &str = "memory";

/// Smaller parts of functions cost more where they are called than they save.
const PART_INSTRUCTIONS_MIN: usize = 8;

/// What a first visit does not run.
#[derive(Debug, Default, PartialEq)]
pub struct NotRun {
    /// By their keys.
    pub functions: BTreeSet<u32>,
    /// By key and shape of the function: the numbers of the forks behind which nothing runs.
    pub parts: BTreeMap<(u32, u32), BTreeSet<usize>>,
}

/// A program in two modules.
pub struct Parts {
    pub page: Module,
    pub late: Module,
}

pub struct Shortened {
    pub module: Vec<u8>,
    /// What each was named, and is.
    pub names: Vec<(String, String)>,
}

/// Moves this out of the page's module, but for functions that it exports.
///
/// # Errors
/// When it is no module, or not of the shape that Rust's compiler gives it.
pub fn split(program: &[u8], moving: &NotRun, linked: &Linked) -> Result<Parts> {
    let program = parted(program, moving)?;
    let (mut page, mut late) = (Module::from_buffer(&program)?, Module::from_buffer(&program)?);
    let plan = Plan::of(&page, &moving.functions)?;
    let ways = plan.leave_placeholders(&mut page)?;
    let unreached = linked.unreached(&page, &ways);
    plan.keep_moved(&mut late, data::take(&mut page, &unreached))?;
    share(&mut page, &late);
    Ok(Parts { page, late })
}

/// The program with functions of their own for the parts that move.
fn parted(program: &[u8], moving: &NotRun) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(program)?;
    let mut globals = Globals::default();
    let own: Vec<FunctionId> = module.funcs.iter_local().map(|(id, _)| id).collect();
    for id in own {
        let function = module.funcs.get(id).kind.unwrap_local();
        let key = key(module.funcs.get(id).name.as_deref().unwrap_or_default());
        let Some(numbers) = moving.parts.get(&(key, shape(function))) else { continue };
        let all = forks(function);
        let chosen: Vec<Fork> = numbers.iter().filter_map(|&number| all.get(number)).copied().collect();
        outline(&mut module, &mut globals, id, &chosen);
    }
    Ok(module.emit_wasm())
}

/// Gives what the script calls of the program names of a few letters, and the script, too: wasm-bindgen's tell the types
/// of closures, with digests.
///
/// # Errors
/// When it is no module.
pub fn shortened(program: &[u8]) -> Result<Shortened> {
    let mut module = Module::from_buffer(program)?;
    let mut names = vec![];
    let closures = module.exports.iter_mut().filter(|export| export.name.starts_with("wasm_bindgen_"));
    for (number, export) in closures.enumerate() {
        let short = format!("c{number}");
        names.push((std::mem::replace(&mut export.name, short.clone()), short));
    }
    Ok(Shortened { module: module.emit_wasm(), names })
}

/// What a module imports of its script.
pub fn of_script(module: &Module) -> impl Iterator<Item = &walrus::Import> {
    module.imports.iter().filter(|import| import.module.ends_with(SCRIPT_FILE))
}

/// Imports what the script does by its number there instead of by its name.
///
/// # Errors
/// When something has none.
pub fn numbered(module: &mut Module, numbers: &HashMap<&str, i32>) -> Result<()> {
    let mut functions = BTreeMap::new();
    for import in of_script(module) {
        let number =
            numbers.get(&*import.name).with_context(|| format!("the script has no {}", import.name))?;
        let ImportKind::Function(function) = import.kind else { bail!("{} is no function", import.name) };
        functions.insert(*number, (function, import.id()));
    }
    functions.values().for_each(|(_, import)| module.imports.delete(*import));
    import_by_number(module, SCRIPT, functions.into_iter().map(|(number, (function, _))| (number, function)));
    Ok(())
}

/// A module that reports to `profile.entered` where it comes: each function and each fork, by its number.
///
/// # Errors
/// When it is no module.
pub fn observed(program: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(program)?;
    let of_number = module.types.add(&[ValType::I32], &[]);
    let own: Vec<FunctionId> = module.funcs.iter_local().map(|(id, _)| id).collect();
    let (entered, _) = module.add_import_func("profile", "entered", of_number);
    let mut numbers = 0..;
    for id in own {
        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        let mut places: Vec<(Fork, i32)> = places(function).into_iter().zip(&mut numbers).collect();
        // From the last of each sequence on, so that the others stay where they are.
        places.sort_by_key(|&(fork, _)| std::cmp::Reverse(fork));
        for (Fork { sequence, place }, number) in places {
            let report = [
                (Instr::Const(ir::Const { value: Value::I32(number) }), ir::InstrLocId::default()),
                (Instr::Call(ir::Call { func: entered }), ir::InstrLocId::default()),
            ];
            function.block_mut(sequence).instrs.splice(place..place, report);
        }
    }
    Ok(module.emit_wasm())
}

/// What is observed of a function, in this order.
fn places(function: &LocalFunction) -> Vec<Fork> {
    let beginning = Fork { sequence: function.entry_block(), place: 0 };
    std::iter::once(beginning).chain(forks(function)).collect()
}

/// What a program did not run, of those numbers that [`observed`] reports.
///
/// # Errors
/// When it is no module.
pub fn not_run(program: &[u8], entered: &HashSet<usize>) -> Result<NotRun> {
    let module = Module::from_buffer(program)?;
    let (mut ran, mut functions) = (HashSet::new(), BTreeSet::new());
    let mut parts: BTreeMap<(u32, u32), BTreeSet<usize>> = BTreeMap::new();
    let mut number = 0;
    for (id, function) in module.funcs.iter_local() {
        let key = key(module.funcs.get(id).name.as_deref().unwrap_or_default());
        let runs = entered.contains(&number);
        let forks = forks(function);
        let first = number + 1;
        number = first + forks.len();
        if !runs {
            functions.insert(key);
            continue;
        }
        ran.insert(key);
        let cold = (first..).zip(&forks).filter(|(fork, _)| !entered.contains(fork));
        let cold: BTreeSet<Fork> = cold.map(|(_, fork)| *fork).collect();
        let outermost = outermost(function, &cold);
        let large = (0..forks.len())
            .filter(|&fork| {
                outermost.contains(&forks[fork]) && size(function, forks[fork]) >= PART_INSTRUCTIONS_MIN
            })
            .collect();
        // What only some of those do that cannot be told apart is run.
        match parts.entry((key, shape(function))) {
            Entry::Vacant(entry) => _ = entry.insert(large),
            Entry::Occupied(mut entry) => entry.get_mut().retain(|fork| large.contains(fork)),
        }
    }
    functions.retain(|key| !ran.contains(key));
    parts.retain(|_, forks| !forks.is_empty());
    Ok(NotRun { functions, parts })
}

/// Which function is meant, by its name, in whichever build: without the numbers that the compiler gives crates, and
/// those that tell functions of one name apart. Such functions move together.
pub fn key(name: &str) -> u32 {
    let mut stable = String::with_capacity(name.len());
    let mut parts = name.split('[');
    stable += parts.next().unwrap_or_default();
    for part in parts {
        match part.split_once(']') {
            Some((number, rest)) if number.bytes().all(|digit| digit.is_ascii_hexdigit()) => stable += rest,
            _ => {
                stable.push('[');
                stable += part;
            }
        }
    }
    let mut crc = flate2::Crc::new();
    crc.update(stable.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.').as_bytes());
    crc.sum()
}

/// What goes where. Functions are named by their index in the arenas of one and the same program, which number
/// everything alike.
struct Plan {
    moved: BTreeSet<usize>,
    /// Where the table has moved functions, and in what order.
    places: BTreeMap<i32, usize>,
    /// Where it has functions that stay and that moved ones call.
    called: BTreeMap<i32, usize>,
    /// What it had to be given: from this place on, these functions that stay; behind them come moved ones.
    added_at: i32,
    added: Vec<usize>,
    /// How long the table is with all of them.
    table_len: i32,
}

impl Plan {
    fn of(program: &Module, moving: &BTreeSet<u32>) -> Result<Plan> {
        let exported: HashSet<FunctionId> = program
            .exports
            .iter()
            .filter_map(|export| match export.item {
                ExportItem::Function(id) => Some(id),
                _ => None,
            })
            .collect();
        let named = |id| {
            let name = program.funcs.get(id).name.as_deref().unwrap_or_default();
            name.starts_with(PART) || moving.contains(&key(name))
        };
        let own = program.funcs.iter_local();
        let moved: BTreeSet<usize> = own
            .map(|(id, _)| id)
            .filter(|&id| !exported.contains(&id) && named(id))
            .map(|id| id.index())
            .collect();

        let table = program.tables.get(functions(program)?);
        if program
            .exports
            .iter()
            .any(|export| matches!(export.item, ExportItem::Table(id) if id == table.id()))
        {
            bail!("the script calls through the table of functions: placeholders would not know what");
        }
        let mut listed = BTreeMap::new();
        for &segment in &table.elem_segments {
            let segment = program.elements.get(segment);
            let (ElementItems::Functions(items), ElementKind::Active { offset, .. }) =
                (&segment.items, &segment.kind)
            else {
                bail!("the table of functions is not filled from a list of functions");
            };
            let ConstExpr::Value(Value::I32(first)) = offset else { bail!("such a list has no fixed place") };
            listed.extend((*first..).zip(items.iter().map(|id| id.index())));
        }
        let first_places: BTreeMap<usize, i32> =
            listed.iter().rev().map(|(&place, &id)| (id, place)).collect();
        let added_at = i32::try_from(table.initial)?;
        let place = |added: &mut Vec<usize>, id: usize| {
            first_places.get(&id).copied().unwrap_or_else(|| {
                added.push(id);
                added_at + added.len() as i32 - 1
            })
        };
        let (from_outside, from_moved) = calls(program, &moved);
        let mut added = vec![];
        let called = from_moved.into_iter().map(|id| (place(&mut added, id), id)).collect();
        let staying = added.len();
        let mut places: BTreeMap<i32, usize> =
            from_outside.into_iter().map(|id| (place(&mut added, id), id)).collect();
        places.extend(listed.into_iter().filter(|(_, id)| moved.contains(id)));
        let table_len = added_at + i32::try_from(added.len())?;
        added.truncate(staying);
        Ok(Plan { moved, places, called, added_at, added, table_len })
    }

    /// Makes the program the second module: the moved functions, which put themselves into the table, and this data.
    fn keep_moved(&self, late: &mut Module, data: Vec<(u32, Vec<u8>)>) -> Result<()> {
        let ids = ids(late);
        let table = functions(late)?;
        let memory = late.memories.iter().next().context("there is no memory")?.id();
        late.start = None;
        late.exports = Default::default();
        late.data = Default::default();
        late.elements = Default::default();
        for memory in late.memories.iter_mut() {
            memory.data_segments = Default::default();
            memory.import = Some(late.imports.add(PAGE, MEMORY, memory.id()));
        }
        for (address, bytes) in data {
            data::put(late, memory, address, bytes);
        }
        for (number, other) in late.tables.iter_mut().enumerate() {
            other.elem_segments = Default::default();
            let name = if other.id() == table { TABLE.to_owned() } else { format!("t{number}") };
            other.import = Some(late.imports.add(PAGE, &name, other.id()));
        }
        let globals: Vec<_> = late.globals.iter().map(|global| global.id()).collect();
        for (number, id) in globals.into_iter().enumerate() {
            late.globals.get_mut(id).kind =
                GlobalKind::Import(late.imports.add(PAGE, &format!("g{number}"), id));
        }
        import_by_number(late, STAYING, self.called.iter().map(|(&place, &index)| (place, ids[index])));
        for (first, run) in runs(&self.places) {
            put(late, table, first, run.into_iter().map(|index| ids[index]).collect());
        }
        self.resize(late, table)?;
        passes::gc::run(late);
        Ok(())
    }

    /// Makes the program the first module: it calls the moved functions through the table, where placeholders stand for
    /// those that stood there before.
    fn leave_placeholders(&self, page: &mut Module) -> Result<Ways> {
        let ids = ids(page);
        let table = functions(page)?;
        let places = self.places.iter().rev().map(|(&place, &index)| (ids[index], place)).collect();
        let ways = Ways::to(page, places);
        let called = page.globals.add_local(ValType::I32, true, false, ConstExpr::Value(Value::I32(0)));
        page.exports.add(CALLED, called);
        let mut detour = Detour { called, table, ways };
        for id in ids.iter().filter(|id| !self.moved.contains(&id.index())) {
            if let FunctionKind::Local(function) = &mut page.funcs.get_mut(*id).kind {
                let entry = function.entry_block();
                dfs_pre_order_mut(&mut detour, function, entry);
            }
        }
        let moved: BTreeSet<FunctionId> = self.moved.iter().map(|&index| ids[index]).collect();
        let types: BTreeSet<TypeId> = moved.iter().map(|&id| page.funcs.get(id).ty()).collect();
        let placeholders: BTreeMap<TypeId, FunctionId> =
            types.into_iter().map(|ty| (ty, page.add_import_func(PLACEHOLDERS, PLACEHOLDER, ty).0)).collect();
        for segment in page.elements.iter_mut() {
            let ElementItems::Functions(items) = &mut segment.items else { continue };
            for item in items.iter_mut().filter(|item| moved.contains(item)) {
                *item = placeholders[&page.funcs.get(*item).ty()];
            }
        }
        put(page, table, self.added_at, self.added.iter().map(|&index| ids[index]).collect());
        moved.into_iter().for_each(|id| page.funcs.delete(id));
        self.resize(page, table)?;
        Ok(detour.ways)
    }

    fn resize(&self, module: &mut Module, table: TableId) -> Result<()> {
        let table = module.tables.get_mut(table);
        table.initial = u64::try_from(self.table_len)?;
        table.maximum = table.maximum.map(|_| table.initial);
        Ok(())
    }
}

/// A function that returns once the second module is there.
fn waiting(page: &mut Module) -> FunctionId {
    let linked = page.globals.add_local(ValType::I32, true, false, ConstExpr::Value(Value::I32(0)));
    page.exports.add(LINKED, linked);
    let ty = page.types.add(&[], &[]);
    let (link, _) = page.add_import_func(PLACEHOLDERS, LINK, ty);
    let mut builder = FunctionBuilder::new(&mut page.types, &[], &[]);
    builder.func_body().block(None, |wait| {
        let done = wait.id();
        wait.global_get(linked).br_if(done).call(link);
    });
    builder.finish(vec![], &mut page.funcs)
}

/// How functions that have moved are called.
pub struct Ways {
    /// To be called first.
    pub wait: FunctionId,
    /// Their places in the table, and their types.
    places: BTreeMap<FunctionId, (i32, TypeId)>,
}

impl Ways {
    pub fn to(page: &mut Module, places: BTreeMap<FunctionId, i32>) -> Ways {
        let places = places.into_iter().map(|(id, place)| (id, (place, page.funcs.get(id).ty()))).collect();
        Ways { wait: waiting(page), places }
    }

    /// How many values what stands first hands on to the second module.
    pub fn handed_on(&self, module: &Module, instrs: &[(Instr, ir::InstrLocId)]) -> usize {
        match instrs {
            [(Instr::Call(call), _), _, (Instr::CallIndirect(way), _), ..] if call.func == self.wait => {
                module.types.get(way.ty).params().len()
            }
            _ => 0,
        }
    }
}

/// Every function of a program that was just read, by its index.
fn ids(program: &Module) -> Vec<FunctionId> {
    program.funcs.iter().map(|function| function.id()).collect()
}

fn functions(program: &Module) -> Result<TableId> {
    program.tables.main_function_table()?.context("there is no table of functions")
}

/// The moved functions that others call; and the others that moved functions call.
fn calls(program: &Module, moved: &BTreeSet<usize>) -> (BTreeSet<usize>, BTreeSet<usize>) {
    struct Calls(BTreeSet<FunctionId>);
    impl Visitor<'_> for Calls {
        fn visit_call(&mut self, call: &ir::Call) {
            self.0.insert(call.func);
        }
    }
    let called = |by_moved: bool| {
        let mut calls = Calls(BTreeSet::new());
        let callers = program.funcs.iter_local().filter(|(id, _)| moved.contains(&id.index()) == by_moved);
        callers.for_each(|(_, function)| dfs_in_order(&mut calls, function, function.entry_block()));
        let is_own = |id: &FunctionId| matches!(program.funcs.get(*id).kind, FunctionKind::Local(_));
        let other = calls.0.into_iter().filter(is_own).map(|id| id.index());
        other.filter(|id| moved.contains(id) != by_moved).collect()
    };
    (called(false), called(true))
}

/// Calls through the table what is called by name, and notes for the placeholders what is called through the table.
struct Detour {
    table: TableId,
    called: GlobalId,
    ways: Ways,
}

impl VisitorMut for Detour {
    fn start_instr_seq_mut(&mut self, sequence: &mut InstrSeq) {
        let Ways { wait, places } = &self.ways;
        let detour = |(instr, at)| match instr {
            Instr::Call(ir::Call { func }) if places.contains_key(&func) => {
                let (place, ty) = places[&func];
                let wait = Instr::Call(ir::Call { func: *wait });
                let load = Instr::Const(ir::Const { value: Value::I32(place) });
                let indirect = Instr::CallIndirect(ir::CallIndirect { ty, table: self.table });
                vec![(wait, at), (load, at), (indirect, at)]
            }
            Instr::CallIndirect(_) => {
                let note = Instr::GlobalSet(ir::GlobalSet { global: self.called });
                let load = Instr::GlobalGet(ir::GlobalGet { global: self.called });
                vec![(note, at), (load, at), (instr, at)]
            }
            other => vec![(other, at)],
        };
        sequence.instrs = std::mem::take(&mut sequence.instrs).into_iter().flat_map(detour).collect();
    }
}

/// Makes functions of the module ones that it imports, by their numbers.
fn import_by_number(module: &mut Module, from: &str, functions: impl Iterator<Item = (i32, FunctionId)>) {
    let mut following = None;
    for (number, id) in functions {
        let name = if following == Some(number) { String::new() } else { number.to_string() };
        let import = module.imports.add(from, &name, id);
        let function = module.funcs.get_mut(id);
        function.kind = FunctionKind::Import(ImportedFunction { import, ty: function.ty() });
        following = Some(number + 1);
    }
}

fn put(module: &mut Module, table: TableId, first: i32, functions: Vec<FunctionId>) {
    let kind = ElementKind::Active { table, offset: ConstExpr::Value(Value::I32(first)) };
    let segment = module.elements.add(kind, ElementItems::Functions(functions));
    module.tables.get_mut(table).elem_segments.insert(segment);
}

/// What stands at places that follow each other, from the first of them.
fn runs(places: &BTreeMap<i32, usize>) -> Vec<(i32, Vec<usize>)> {
    let mut runs: Vec<(i32, Vec<usize>)> = vec![];
    for (&place, &index) in places {
        match runs.last_mut() {
            Some((first, run)) if usize::try_from(place - *first) == Ok(run.len()) => run.push(index),
            _ => runs.push((place, vec![index])),
        }
    }
    runs
}

/// Exports from the first module what the second imports of it.
fn share(page: &mut Module, late: &Module) {
    let tables: Vec<TableId> = page.tables.iter().map(|table| table.id()).collect();
    let globals: Vec<_> = page.globals.iter().map(|global| global.id()).collect();
    for import in late.imports.iter().filter(|import| import.module == PAGE) {
        let item: ExportItem = match import.kind {
            ImportKind::Table(id) => tables[id.index()].into(),
            ImportKind::Global(id) => globals[id.index()].into(),
            // The memory is exported as it is.
            _ => continue,
        };
        page.exports.add(&import.name, item);
    }
    passes::gc::run(page);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that exports `start`, which calls `often` and `seldom`; `seldom` calls `often`, `alone` and `exported`; the
    /// table has `often` and `listed`, and nobody calls `exported`.
    fn program() -> Vec<u8> {
        let mut module = Module::default();
        let memory = module.memories.add_local(false, false, 1, None, None);
        module.exports.add(MEMORY, memory);
        let function = |module: &mut Module, name: &str, calls: &[FunctionId]| {
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
            let mut body = builder.name(name.to_owned()).func_body();
            for &id in calls {
                body.call(id);
            }
            builder.finish(vec![], &mut module.funcs)
        };
        let often = function(&mut module, "app[0123456789abcdef]::often", &[]);
        let alone = function(&mut module, "app[0123456789abcdef]::alone", &[]);
        let listed = function(&mut module, "app[0123456789abcdef]::listed", &[]);
        let exported = function(&mut module, "app[0123456789abcdef]::exported", &[]);
        let seldom = function(&mut module, "app[0123456789abcdef]::seldom", &[often, alone, exported]);
        let start = function(&mut module, "app[0123456789abcdef]::start", &[often, seldom, seldom]);
        module.exports.add("start", start);
        module.exports.add("exported", exported);
        let table = module.tables.add_local(false, 3, Some(3), walrus::RefType::FUNCREF);
        put(&mut module, table, 1, vec![often, listed]);
        module.emit_wasm()
    }

    fn halves(names: &[&str]) -> (Module, Module) {
        let functions = names.iter().map(|name| key(&format!("app[fedcba9876543210]::{name}"))).collect();
        let moving = NotRun { functions, ..NotRun::default() };
        let Parts { mut page, mut late } = split(&program(), &moving, &Linked::default()).unwrap();
        // Reading them checks them.
        let [page, late] = [&mut page, &mut late].map(|part| Module::from_buffer(&part.emit_wasm()).unwrap());
        (page, late)
    }

    fn imports(module: &Module) -> Vec<(String, String)> {
        module.imports.iter().map(|import| (import.module.clone(), import.name.clone())).collect()
    }

    fn own(module: &Module) -> Vec<&str> {
        let names = module.funcs.iter_local().filter_map(|(id, _)| module.funcs.get(id).name.as_deref());
        let mut names: Vec<_> = names.map(|name| name.rsplit("::").next().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_moves_leaves_placeholders_where_it_can_be_reached() {
        let (page, late) = halves(&["seldom", "alone", "listed", "exported"]);
        assert_eq!(own(&page), ["exported", "often", "start"], "what is exported stays");
        assert_eq!(own(&late), ["alone", "listed", "seldom"]);
        // `listed` has place 2 already, `seldom` gets the last, `alone` is called by what moves only.
        let named = |from: &str, name: &str| (from.to_owned(), name.to_owned());
        assert_eq!(imports(&page), [named(PLACEHOLDERS, LINK), named(PLACEHOLDERS, PLACEHOLDER)]);
        // `often` has a place, `exported` gets the first behind the end.
        let shared = [named(PAGE, TABLE), named(STAYING, "1"), named(STAYING, "3")];
        assert_eq!(imports(&late).into_iter().collect::<BTreeSet<_>>(), shared.into());
        for module in [&page, &late] {
            assert_eq!(module.tables.get(functions(module).unwrap()).initial, 5);
        }
        let exports: BTreeSet<&str> = page.exports.iter().map(|export| export.name.as_str()).collect();
        assert_eq!(exports, [CALLED, "exported", LINKED, MEMORY, "start", TABLE].into());
    }

    #[test]
    fn the_second_part_fills_the_places_that_the_first_calls() {
        let (page, late) = halves(&["seldom", "alone", "listed"]);
        let filled = |module: &Module| -> Vec<(i32, Vec<String>)> {
            let mut segments: Vec<_> = module
                .elements
                .iter()
                .map(|segment| {
                    let (ElementItems::Functions(items), ElementKind::Active { offset, .. }) =
                        (&segment.items, &segment.kind)
                    else {
                        panic!("{segment:?}")
                    };
                    let ConstExpr::Value(Value::I32(first)) = offset else { panic!("{offset:?}") };
                    let name = |id: &FunctionId| module.funcs.get(*id).name.clone().unwrap_or_default();
                    (*first, items.iter().map(name).collect())
                })
                .collect();
            segments.sort();
            segments
        };
        let name = |name: &str| format!("app[0123456789abcdef]::{name}");
        assert_eq!(filled(&late), [(2, vec![name("listed")]), (4, vec![name("seldom")])]);
        assert_eq!(
            filled(&page).iter().map(|(first, items)| (*first, items.len())).collect::<Vec<_>>(),
            [(1, 2), (3, 1)]
        );
        // Each call by name is one through the table, at the place that the second part fills, and waits before that.
        let start = page.exports.get_func("start").unwrap();
        struct Through(Vec<i32>, usize);
        impl Visitor<'_> for Through {
            fn visit_const(&mut self, constant: &ir::Const) {
                let Value::I32(place) = constant.value else { panic!("{constant:?}") };
                self.0.push(place);
            }
            fn visit_call(&mut self, _: &ir::Call) {
                self.1 += 1;
            }
        }
        let mut through = Through(vec![], 0);
        let start = page.funcs.get(start).kind.unwrap_local();
        dfs_in_order(&mut through, start, start.entry_block());
        assert_eq!((through.0, through.1), (vec![4, 4], 3));
    }

    #[test]
    fn a_function_has_one_key_in_every_build() {
        let here =
            key("<alloc[3ca501edff3f0c7c]::vec::Vec<app[0123456789abcdef]::Node> as core[c5]::Clone>::clone");
        assert_eq!(here, key("<alloc[11]::vec::Vec<app[22]::Node> as core[33]::Clone>::clone"));
        assert_eq!(here, key("<alloc[11]::vec::Vec<app[22]::Node> as core[33]::Clone>::clone.1326"));
        assert_ne!(here, key("<alloc[11]::vec::Vec<app[22]::Link> as core[33]::Clone>::clone"));
        assert_ne!(key("<[u8]>::to_vec"), key("<[u16]>::to_vec"));
    }

    #[test]
    fn closures_get_short_names() {
        let mut module = Module::from_buffer(&program()).unwrap();
        let start = module.exports.get_func("start").unwrap();
        let long = "wasm_bindgen_abc__convert__closures_____invoke___js_sys_123";
        module.exports.add(long, start);
        let Shortened { module: short, names } = shortened(&module.emit_wasm()).unwrap();
        assert_eq!(names, [(long.to_owned(), "c0".to_owned())]);
        let short = Module::from_buffer(&short).unwrap();
        assert_eq!(short.exports.get_func("c0").unwrap(), short.exports.get_func("start").unwrap());
    }

    #[test]
    fn what_the_script_does_is_imported_by_its_number_there() {
        let mut module = Module::from_buffer(&program()).unwrap();
        let nothing = module.types.add(&[], &[]);
        let (other, _) = module.add_import_func("late", "link", nothing);
        let added = ["d", "a", "c"].map(|name| module.add_import_func("./app_bg.js", name, nothing).0);
        // Whoever calls them still calls the same.
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        builder.func_body().call(added[0]).call(added[1]).call(added[2]).call(other);
        let all = builder.finish(vec![], &mut module.funcs);
        module.exports.add("all", all);
        assert!(numbered(&mut module, &[("a", 3), ("c", 4)].into()).is_err(), "there is no d");
        numbered(&mut module, &[("a", 3), ("b", 0), ("c", 4), ("d", 9)].into()).unwrap();
        let module = Module::from_buffer(&module.emit_wasm()).unwrap();
        let named = |from: &str, name: &str| (from.to_owned(), name.to_owned());
        let [a, c, d] = ["3", "", "9"].map(|name| named(SCRIPT, name));
        assert_eq!(imports(&module), [named("late", "link"), a.clone(), c.clone(), d.clone()]);
        struct Names<'a>(&'a Module, Vec<(String, String)>);
        impl Visitor<'_> for Names<'_> {
            fn visit_call(&mut self, call: &ir::Call) {
                let FunctionKind::Import(function) = &self.0.funcs.get(call.func).kind else { panic!() };
                let import = self.0.imports.get(function.import);
                self.1.push((import.module.clone(), import.name.clone()));
            }
        }
        let mut names = Names(&module, vec![]);
        let all = module.funcs.get(module.exports.get_func("all").unwrap()).kind.unwrap_local();
        dfs_in_order(&mut names, all, all.entry_block());
        assert_eq!(names.1, [d, a, c, named("late", "link")]);
    }

    #[test]
    fn a_program_that_is_observed_reports_each_function_once() {
        let observed = Module::from_buffer(&observed(&program()).unwrap()).unwrap();
        assert_eq!(imports(&observed), [("profile".to_owned(), "entered".to_owned())]);
        let entered = observed.imports.find("profile", "entered").unwrap();
        let ImportKind::Function(entered) = observed.imports.get(entered).kind else { panic!() };
        let mut numbers = vec![];
        for (_, function) in observed.funcs.iter_local() {
            let instrs: Vec<&Instr> =
                function.block(function.entry_block()).instrs.iter().map(|(instr, _)| instr).collect();
            let [Instr::Const(ir::Const { value: Value::I32(number) }), Instr::Call(call), ..] = instrs[..]
            else {
                panic!("{instrs:?}")
            };
            assert_eq!(call.func, entered);
            numbers.push(*number);
        }
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn what_did_not_run_is_told_by_the_same_numbers() {
        let program = program();
        let module = Module::from_buffer(&program).unwrap();
        let keys: Vec<u32> = module
            .funcs
            .iter_local()
            .map(|(id, _)| key(module.funcs.get(id).name.as_deref().unwrap()))
            .collect();
        let not_run = not_run(&program, &[0, 2, 5].into()).unwrap();
        assert_eq!(not_run.functions, [keys[1], keys[3], keys[4]].into());
        assert!(not_run.parts.is_empty());
    }
}
