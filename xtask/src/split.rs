//! Cuts the page's program in two: what a first visit runs, and what follows once the page stands.
//!
//! Most of a program's functions are not called before somebody does something. Those that `profile` never saw
//! running move to a second module, which shares memory, tables and globals with the first. The first calls them
//! through the table of functions, where placeholders stand for them that the page brings (`www/boot.js`): one that is
//! called too early fetches the second module, and then calls what has taken its place. So the list of what moves
//! decides only when something is loaded, never what the program does.
//!
//! Binaryen's `wasm-split` does the same; it is neither a crate nor a package.

use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use walrus::ir::{self, Instr, InstrSeq, Value, Visitor, VisitorMut, dfs_in_order, dfs_pre_order_mut};
use walrus::{
    ConstExpr, ElementItems, ElementKind, ExportItem, FunctionId, FunctionKind, GlobalKind, ImportKind,
    ImportedFunction, Module, TableId, TypeId, ValType, passes,
};

/// From where the first module imports the placeholders, each by the number of its place in the table.
const PLACEHOLDERS: &str = "late";
/// From where the second imports what it shares with the first. `boot.js` knows both names, and the next.
const PAGE: &str = "page";
/// The table of functions, among what the first exports.
const TABLE: &str = "functions";
/// The memory, as every module of Rust's exports it.
const MEMORY: &str = "memory";

/// A program in two modules.
pub struct Parts {
    pub page: Vec<u8>,
    pub late: Vec<u8>,
}

pub struct Shortened {
    pub module: Vec<u8>,
    /// What each import was named, and is.
    pub names: Vec<(String, String)>,
}

/// Moves the functions with these keys out of the page's module, but for those that it exports.
///
/// # Errors
/// When it is no module, or not of the shape that Rust's compiler gives it.
pub fn split(program: &[u8], moving: &HashSet<u32>) -> Result<Parts> {
    let (mut page, mut late) = (Module::from_buffer(program)?, Module::from_buffer(program)?);
    let plan = Plan::of(&page, moving)?;
    plan.keep_moved(&mut late)?;
    plan.leave_placeholders(&mut page)?;
    share(&mut page, &late);
    Ok(Parts { page: page.emit_wasm(), late: late.emit_wasm() })
}

/// Gives what the program imports of its script names of a few letters: wasm-bindgen's say what each is, with a
/// digest.
///
/// # Errors
/// When it is no module.
pub fn shortened(program: &[u8]) -> Result<Shortened> {
    let mut module = Module::from_buffer(program)?;
    let mut names = vec![];
    for (number, import) in module.imports.iter_mut().enumerate() {
        let short = format!("i{number}");
        names.push((std::mem::replace(&mut import.name, short.clone()), short));
    }
    Ok(Shortened { module: module.emit_wasm(), names })
}

/// A module that reports each function that it enters, by its number, to `profile.entered`; and the keys of all of them.
///
/// # Errors
/// When it is no module.
pub fn observed(program: &[u8]) -> Result<(Vec<u8>, Vec<u32>)> {
    let mut module = Module::from_buffer(program)?;
    let of_number = module.types.add(&[ValType::I32], &[]);
    let own: Vec<FunctionId> = module.funcs.iter_local().map(|(id, _)| id).collect();
    let (entered, _) = module.add_import_func("profile", "entered", of_number);
    let mut keys = vec![];
    for (number, id) in (0..).zip(own) {
        let function = module.funcs.get_mut(id);
        keys.push(key(function.name.as_deref().unwrap_or_default()));
        let function = function.kind.unwrap_local_mut();
        let entry = function.entry_block();
        let report = [
            (Instr::Const(ir::Const { value: Value::I32(number) }), ir::InstrLocId::default()),
            (Instr::Call(ir::Call { func: entered }), ir::InstrLocId::default()),
        ];
        function.block_mut(entry).instrs.splice(0..0, report);
    }
    Ok((module.emit_wasm(), keys))
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
    /// The table's length, with the places that it had to be given.
    table_size: i32,
}

impl Plan {
    fn of(program: &Module, moving: &HashSet<u32>) -> Result<Plan> {
        let exported: HashSet<FunctionId> = program
            .exports
            .iter()
            .filter_map(|export| match export.item {
                ExportItem::Function(id) => Some(id),
                _ => None,
            })
            .collect();
        let named = |id| moving.contains(&key(program.funcs.get(id).name.as_deref().unwrap_or_default()));
        let own = program.funcs.iter_local();
        let moved: BTreeSet<usize> = own
            .map(|(id, _)| id)
            .filter(|&id| !exported.contains(&id) && named(id))
            .map(|id| id.index())
            .collect();

        let table = program.tables.get(functions(program)?);
        let mut places = BTreeMap::new();
        for &segment in &table.elem_segments {
            let segment = program.elements.get(segment);
            let (ElementItems::Functions(items), ElementKind::Active { offset, .. }) =
                (&segment.items, &segment.kind)
            else {
                bail!("the table of functions is not filled from a list of functions");
            };
            let ConstExpr::Value(Value::I32(first)) = offset else { bail!("such a list has no fixed place") };
            places.extend(
                (*first..).zip(items.iter().map(|id| id.index())).filter(|(_, id)| moved.contains(id)),
            );
        }
        let mut table_size = i32::try_from(table.initial)?;
        let mut known: BTreeSet<usize> = places.values().copied().collect();
        for called in called_outside(program, &moved) {
            if known.insert(called) {
                places.insert(table_size, called);
                table_size += 1;
            }
        }
        Ok(Plan { moved, places, table_size })
    }

    /// Makes the program the second module: the moved functions, which put themselves into the table.
    fn keep_moved(&self, late: &mut Module) -> Result<()> {
        let ids = ids(late);
        let table = functions(late)?;
        late.start = None;
        late.exports = Default::default();
        late.data = Default::default();
        late.elements = Default::default();
        for memory in late.memories.iter_mut() {
            memory.data_segments = Default::default();
            memory.import = Some(late.imports.add(PAGE, MEMORY, memory.id()));
        }
        for (number, other) in late.tables.iter_mut().enumerate() {
            other.elem_segments = Default::default();
            let name = if other.id() == table { TABLE.to_owned() } else { format!("table{number}") };
            other.import = Some(late.imports.add(PAGE, &name, other.id()));
        }
        let globals: Vec<_> = late.globals.iter().map(|global| global.id()).collect();
        for (number, id) in globals.into_iter().enumerate() {
            late.globals.get_mut(id).kind =
                GlobalKind::Import(late.imports.add(PAGE, &format!("global{number}"), id));
        }
        let staying: Vec<FunctionId> = late.funcs.iter_local().map(|(id, _)| id).collect();
        for id in staying.into_iter().filter(|id| !self.moved.contains(&id.index())) {
            import(late, PAGE, id.index(), id);
        }
        for (first, run) in runs(&self.places) {
            put(late, table, first, run.into_iter().map(|index| ids[index]).collect());
        }
        self.resize(late, table)?;
        passes::gc::run(late);
        Ok(())
    }

    /// Makes the program the first module: placeholders instead of the moved functions, called through the table.
    fn leave_placeholders(&self, page: &mut Module) -> Result<()> {
        let ids = ids(page);
        let table = functions(page)?;
        let added: Vec<FunctionId> = self
            .places
            .range(i32::try_from(page.tables.get(table).initial)?..)
            .map(|(_, &index)| ids[index])
            .collect();
        let mut detour = Detour { table, ways: BTreeMap::new() };
        for (&place, &index) in &self.places {
            detour.ways.entry(ids[index]).or_insert((place, page.funcs.get(ids[index]).ty()));
        }
        for id in ids.iter().filter(|id| !self.moved.contains(&id.index())) {
            if let FunctionKind::Local(function) = &mut page.funcs.get_mut(*id).kind {
                let entry = function.entry_block();
                dfs_pre_order_mut(&mut detour, function, entry);
            }
        }
        for (id, (place, _)) in detour.ways {
            import(page, PLACEHOLDERS, place, id);
        }
        put(page, table, self.table_size - i32::try_from(added.len())?, added);
        self.resize(page, table)
    }

    fn resize(&self, module: &mut Module, table: TableId) -> Result<()> {
        let table = module.tables.get_mut(table);
        table.initial = u64::try_from(self.table_size)?;
        table.maximum = table.maximum.map(|_| table.initial);
        Ok(())
    }
}

/// Every function of a program that was just read, by its index.
fn ids(program: &Module) -> Vec<FunctionId> {
    program.funcs.iter().map(|function| function.id()).collect()
}

fn functions(program: &Module) -> Result<TableId> {
    program.tables.main_function_table()?.context("there is no table of functions")
}

/// The moved functions that others call.
fn called_outside(program: &Module, moved: &BTreeSet<usize>) -> BTreeSet<usize> {
    struct Calls<'a>(&'a BTreeSet<usize>, BTreeSet<usize>);
    impl Visitor<'_> for Calls<'_> {
        fn visit_call(&mut self, call: &ir::Call) {
            self.1.extend(Some(call.func.index()).filter(|index| self.0.contains(index)));
        }
    }
    let mut calls = Calls(moved, BTreeSet::new());
    for (_, function) in program.funcs.iter_local().filter(|(id, _)| !moved.contains(&id.index())) {
        dfs_in_order(&mut calls, function, function.entry_block());
    }
    calls.1
}

/// Calls through the table what is called by name.
struct Detour {
    table: TableId,
    ways: BTreeMap<FunctionId, (i32, TypeId)>,
}

impl VisitorMut for Detour {
    fn start_instr_seq_mut(&mut self, sequence: &mut InstrSeq) {
        let detour = |(instr, place)| match instr {
            Instr::Call(ir::Call { func }) if self.ways.contains_key(&func) => {
                let (value, ty) = self.ways[&func];
                let load = Instr::Const(ir::Const { value: Value::I32(value) });
                let call = Instr::CallIndirect(ir::CallIndirect { ty, table: self.table });
                vec![(load, place), (call, place)]
            }
            other => vec![(other, place)],
        };
        sequence.instrs = std::mem::take(&mut sequence.instrs).into_iter().flat_map(detour).collect();
    }
}

/// Makes a function of the module one that it imports.
fn import(module: &mut Module, from: &str, name: impl ToString, id: FunctionId) {
    let import = module.imports.add(from, &name.to_string(), id);
    let function = module.funcs.get_mut(id);
    function.kind = FunctionKind::Import(ImportedFunction { import, ty: function.ty() });
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
    let ids = ids(page);
    let tables: Vec<TableId> = page.tables.iter().map(|table| table.id()).collect();
    let globals: Vec<_> = page.globals.iter().map(|global| global.id()).collect();
    for import in late.imports.iter().filter(|import| import.module == PAGE) {
        let item: ExportItem = match import.kind {
            ImportKind::Function(id) => ids[id.index()].into(),
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
    use walrus::{FunctionBuilder, FunctionId};

    /// A program that exports `start`, which calls `often` and `seldom`; `seldom` calls `often` and `alone`; the
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
        let seldom = function(&mut module, "app[0123456789abcdef]::seldom", &[often, alone]);
        let start = function(&mut module, "app[0123456789abcdef]::start", &[often, seldom, seldom]);
        let exported = function(&mut module, "app[0123456789abcdef]::exported", &[]);
        module.exports.add("start", start);
        module.exports.add("exported", exported);
        let table = module.tables.add_local(false, 3, Some(3), walrus::RefType::FUNCREF);
        put(&mut module, table, 1, vec![often, listed]);
        module.emit_wasm()
    }

    fn halves(names: &[&str]) -> (Module, Module) {
        let moving = names.iter().map(|name| key(&format!("app[fedcba9876543210]::{name}"))).collect();
        let parts = split(&program(), &moving).unwrap();
        // Reading them checks them.
        (Module::from_buffer(&parts.page).unwrap(), Module::from_buffer(&parts.late).unwrap())
    }

    fn imports(module: &Module) -> Vec<(String, String)> {
        let mut imports: Vec<_> =
            module.imports.iter().map(|import| (import.module.clone(), import.name.clone())).collect();
        imports.sort();
        imports
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
        // `listed` has place 2 already, `seldom` gets one behind the end, `alone` is called by what moves only.
        let place = |place: &str| (PLACEHOLDERS.to_owned(), place.to_owned());
        assert_eq!(imports(&page), [place("2"), place("3")]);
        for module in [&page, &late] {
            assert_eq!(module.tables.get(functions(module).unwrap()).initial, 4);
        }
        let exports: BTreeSet<&str> = page.exports.iter().map(|export| export.name.as_str()).collect();
        let shared = imports(&late);
        assert!(
            shared.iter().all(|(from, name)| from == PAGE && exports.contains(name.as_str())),
            "{shared:?}"
        );
        // The table, the memory and `often`.
        assert!(
            shared.len() >= 2 && exports.contains("start") && exports.contains("exported"),
            "{exports:?}"
        );
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
        assert_eq!(filled(&late), [(2, vec![name("listed"), name("seldom")])]);
        assert_eq!(
            filled(&page).iter().map(|(first, items)| (*first, items.len())).collect::<Vec<_>>(),
            [(1, 2), (3, 1)]
        );
        // Each call by name is one through the table, at the place that the second part fills.
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
        assert_eq!((through.0, through.1), (vec![3, 3], 1));
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
    fn imports_get_short_names() {
        let mut module = Module::from_buffer(&program()).unwrap();
        let nothing = module.types.add(&[], &[]);
        module.add_import_func("./app_bg.js", "__wbg_now_043d245551b22f9c", nothing);
        module.add_import_func("./app_bg.js", "__wbg_performance_50e6a3f8dc80bbca", nothing);
        let Shortened { module: short, names } = shortened(&module.emit_wasm()).unwrap();
        let pair = |long: &str, short: &str| (long.to_owned(), short.to_owned());
        assert_eq!(
            names,
            [pair("__wbg_now_043d245551b22f9c", "i0"), pair("__wbg_performance_50e6a3f8dc80bbca", "i1")]
        );
        let import = |name: &str| ("./app_bg.js".to_owned(), name.to_owned());
        assert_eq!(imports(&Module::from_buffer(&short).unwrap()), [import("i0"), import("i1")]);
    }

    #[test]
    fn a_program_that_is_observed_reports_each_function_once() {
        let (observed, keys) = observed(&program()).unwrap();
        let observed = Module::from_buffer(&observed).unwrap();
        assert_eq!(imports(&observed), [("profile".to_owned(), "entered".to_owned())]);
        assert_eq!((keys.len(), observed.funcs.iter_local().count()), (6, 6));
    }
}
