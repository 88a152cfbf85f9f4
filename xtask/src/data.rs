//! Which data of a program is named only by some of its functions.
//!
//! The linker notes where in code and data the address of which data stands (`src/app/build.rs`; "Linking" in the
//! WebAssembly tool conventions). What functions name, and what that names in turn, they need; nothing else can they
//! reach. But an address that is only handed on to a function that comes later is of no use before that, and a place in
//! the source is looked at by panics only: so those, and most of what panics say, come later, too.

use crate::split::{Ways, key};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use walrus::ir::{self, Instr, InstrSeq, Value, Visitor, dfs_in_order};
use walrus::{ConstExpr, DataKind, LocalFunction, Module};
use wasmparser::{
    BinaryReader, DataKind as Kind, KnownCustom, Linking, Name, Operator, Parser, Payload, RelocationEntry,
    RelocationType, SymbolInfo,
};

/// A shorter piece is not worth a segment of its own in the second module.
const PIECE_BYTES_MIN: u32 = 8;
/// A `core::panic::Location`: the file's name and how long that is, line and column.
const PLACE_BYTES: u32 = 16;
/// Zeros between pieces of data, for alignment.
const PADDING_BYTES_MAX: u32 = 16;

/// What the linker has noted.
#[derive(Debug, Default)]
pub struct Linked {
    /// Pieces of data that are one, by where they begin: where they end.
    objects: BTreeMap<u32, u32>,
    /// What an object names, by where they begin.
    names: BTreeMap<u32, BTreeSet<u32>>,
    /// By a function's key: the numbers in its code that are addresses, and in which object.
    functions: HashMap<u32, BTreeMap<u32, u32>>,
    /// Objects that only panics look into.
    places: BTreeSet<u32>,
}

impl Linked {
    /// From what the linker made.
    ///
    /// # Errors
    /// When it is no module, or the linker has not noted what is needed.
    pub fn read(program: &[u8]) -> Result<Linked> {
        let mut bodies: Vec<Range<usize>> = vec![];
        let (mut code_at, mut data_at) = (0, 0);
        // Of data: where in the file, and to what address it goes.
        let mut segments: Vec<(Range<usize>, u32)> = vec![];
        let mut names: HashMap<u32, String> = HashMap::new();
        let (mut symbols, mut notes) = (vec![], vec![]);
        let mut imported = 0;
        for payload in Parser::new(0).parse_all(program) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += u32::from(matches!(import?.ty, wasmparser::TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionStart { range, .. } => code_at = range.start,
                Payload::CodeSectionEntry(body) => bodies.push(body.range()),
                Payload::DataSection(section) => {
                    data_at = section.range().start;
                    for data in section {
                        let data = data?;
                        let Kind::Active { offset_expr, .. } = data.kind else { continue };
                        let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
                            continue;
                        };
                        let from = data.range.end - data.data.len();
                        segments.push((from..data.range.end, value as u32));
                    }
                }
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Name(reader) => {
                        for part in reader {
                            if let Name::Function(all) = part? {
                                for naming in all {
                                    let naming = naming?;
                                    names.insert(naming.index, naming.name.to_owned());
                                }
                            }
                        }
                    }
                    KnownCustom::Linking(reader) => {
                        for part in reader {
                            if let Linking::SymbolTable(all) = part? {
                                symbols = all.into_iter().collect::<Result<_, _>>()?;
                            }
                        }
                    }
                    KnownCustom::Reloc(reader) => {
                        let of_code = section.name().ends_with("CODE");
                        for entry in reader.entries() {
                            notes.push((of_code, entry?));
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        let address = |symbol: u32| match symbols.get(symbol as usize) {
            Some(SymbolInfo::Data { symbol: Some(symbol), .. }) if symbol.size > 0 => {
                let (_, base) = segments.get(symbol.index as usize)?;
                Some((base + symbol.offset, base + symbol.offset + symbol.size))
            }
            _ => None,
        };
        let mut linked = Linked::default();
        for symbol in 0..symbols.len() as u32 {
            if let Some((from, upto)) = address(symbol) {
                let end = linked.objects.entry(from).or_default();
                *end = upto.max(*end);
            }
        }
        linked.join();
        for (of_code, note) in notes.into_iter().filter(|(_, note)| is_address(note)) {
            // What has no size is no data: the ends of the heap and of the stack.
            let Some((symbol, _)) = address(note.index) else { continue };
            let named = linked.object(symbol).context("a symbol without an object")?;
            if of_code {
                let at = code_at + note.offset as usize;
                let body = bodies.partition_point(|body| body.end <= at);
                let name = names.get(&(imported + body as u32)).context("a function without a name")?;
                let name = rustc_demangle::try_demangle(name).map_or(name.clone(), |name| name.to_string());
                let number = (i64::from(symbol) + note.addend) as u32;
                let written =
                    BinaryReader::new(&program[at..at + note.ty.extent()], at).read_var_i32()? as u32;
                anyhow::ensure!(written == number, "{written:#x} stands where {number:#x} should");
                linked.functions.entry(key(&name)).or_default().insert(number, named);
            } else {
                let at = data_at + note.offset as usize;
                let inside = segments.iter().find(|(file, _)| file.contains(&at));
                let (file, base) = inside.context("an address beside the data")?;
                let holder = linked.object(base + (at - file.start) as u32);
                linked.names.entry(holder.context("an address in no object")?).or_default().insert(named);
            }
        }
        let bytes = |address: u32, len: u32| {
            let (file, base) = segments.iter().rev().find(|(_, base)| *base <= address)?;
            let from = file.start + (address - base) as usize;
            program.get(from..from.checked_add(len as usize)?)
        };
        let is_place = |from: u32, upto: u32| {
            let number = |at: u32| bytes(from + at, 4)?.try_into().ok().map(u32::from_le_bytes);
            let names_file =
                |file: u32, len: u32| bytes(file, len).is_some_and(|name| name.ends_with(b".rs"));
            upto - from == PLACE_BYTES
                && number(0).zip(number(4)).is_some_and(|(file, len)| names_file(file, len))
        };
        let named_by = |from: &u32| linked.names.get(from).map_or(0, BTreeSet::len);
        linked.places = linked
            .objects
            .iter()
            .filter(|(from, upto)| named_by(from) == 1 && is_place(**from, **upto))
            .map(|(&from, _)| from)
            .collect();
        Ok(linked)
    }

    /// Makes one object of those that overlap.
    fn join(&mut self) {
        let mut joined: BTreeMap<u32, u32> = BTreeMap::new();
        for (&from, &upto) in &self.objects {
            match joined.last_entry() {
                Some(mut last) if *last.get() > from => *last.get_mut() = upto.max(*last.get()),
                _ => _ = joined.insert(from, upto),
            }
        }
        self.objects = joined;
    }

    /// Where the object begins that has this address.
    fn object(&self, address: u32) -> Option<u32> {
        let (&from, &upto) = self.objects.range(..=address).next_back()?;
        (address < upto).then_some(from)
    }

    /// Where the data lies that no function of this module can reach, other than by handing it on to the second module.
    pub fn unreached(&self, module: &Module, ways: &Ways) -> Vec<Range<u32>> {
        let mut found = Addresses { of: None, all: self, module, ways, found: BTreeSet::new() };
        for (id, function) in module.funcs.iter_local() {
            let name = module.funcs.get(id).name.as_deref().unwrap_or_default();
            found.of = self.functions.get(&key(name));
            found.visit(function);
        }
        let mut reached = BTreeSet::new();
        let mut open: Vec<u32> = found.found.into_iter().collect();
        while let Some(object) = open.pop() {
            if !self.places.contains(&object) && reached.insert(object) {
                open.extend(self.names.get(&object).into_iter().flatten());
            }
        }
        let mut pieces: Vec<Range<u32>> = vec![];
        let mut passed_reached = true;
        for (&from, &upto) in &self.objects {
            if reached.contains(&from) {
                passed_reached = true;
                continue;
            }
            match pieces.last_mut() {
                Some(piece) if !passed_reached && from - piece.end < PADDING_BYTES_MAX => piece.end = upto,
                _ => pieces.push(from..upto),
            }
            passed_reached = false;
        }
        pieces.retain(|piece| piece.end - piece.start >= PIECE_BYTES_MIN);
        pieces
    }
}

fn is_address(note: &RelocationEntry) -> bool {
    use RelocationType::{MemoryAddrI32, MemoryAddrLeb, MemoryAddrSleb};
    matches!(note.ty, MemoryAddrI32 | MemoryAddrLeb | MemoryAddrSleb)
}

/// Collects the objects whose addresses stand in functions.
struct Addresses<'a> {
    /// Those of the present function; `None` for one that the linker did not know: each number may be an address.
    of: Option<&'a BTreeMap<u32, u32>>,
    all: &'a Linked,
    module: &'a Module,
    ways: &'a Ways,
    found: BTreeSet<u32>,
}

impl Addresses<'_> {
    fn visit(&mut self, function: &LocalFunction) {
        dfs_in_order(self, function, function.entry_block());
    }

    fn number(&mut self, number: u32) {
        self.found.extend(match self.of {
            Some(known) => known.get(&number).copied(),
            None => self.all.object(number),
        });
    }
}

impl Visitor<'_> for Addresses<'_> {
    fn start_instr_seq(&mut self, sequence: &InstrSeq) {
        // What stands on the stack, each by one instruction, when that comes which is looked at.
        let mut pushed: Vec<Option<u32>> = vec![];
        for (place, (instr, _)) in sequence.instrs.iter().enumerate() {
            match instr {
                Instr::Const(ir::Const { value: Value::I32(number) }) => pushed.push(Some(*number as u32)),
                Instr::Const(_) | Instr::LocalGet(_) | Instr::GlobalGet(_) => pushed.push(None),
                _ => {
                    let handed_on = self.ways.handed_on(self.module, &sequence.instrs[place..]);
                    pushed.truncate(pushed.len().saturating_sub(handed_on));
                    pushed.drain(..).flatten().for_each(|number| self.number(number));
                }
            }
        }
        pushed.into_iter().flatten().for_each(|number| self.number(number));
    }

    fn visit_load(&mut self, load: &ir::Load) {
        self.number(load.arg.offset as u32);
    }

    fn visit_store(&mut self, store: &ir::Store) {
        self.number(store.arg.offset as u32);
    }
}

/// Takes these pieces of data out of a module: each with where it goes. Zeros stay in their place, which are next to
/// nothing when compressed; what stood around a gap would have to be told apart.
pub fn take(module: &mut Module, pieces: &[Range<u32>]) -> Vec<(u32, Vec<u8>)> {
    let mut taken = vec![];
    let all: Vec<_> = module.data.iter().map(|data| data.id()).collect();
    for id in all {
        let data = module.data.get_mut(id);
        let DataKind::Active { offset: ConstExpr::Value(Value::I32(first)), .. } = data.kind else {
            continue;
        };
        let first = first as u32;
        let end = first + data.value.len() as u32;
        for piece in pieces.iter().filter(|piece| first <= piece.start && piece.end <= end) {
            let bytes = &mut data.value[(piece.start - first) as usize..(piece.end - first) as usize];
            taken.push((piece.start, bytes.to_vec()));
            bytes.fill(0);
        }
    }
    taken
}

/// Gives a module data that goes to this address.
pub fn put(module: &mut Module, memory: walrus::MemoryId, address: u32, bytes: Vec<u8>) {
    let kind = DataKind::Active { memory, offset: ConstExpr::Value(Value::I32(address as i32)) };
    let id = module.data.add(kind, bytes);
    module.memories.get_mut(memory).data_segments.insert(id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::{FunctionBuilder, InstrSeqBuilder, RefType, ValType};

    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        [&[id, content.len() as u8 | 0x80, (content.len() >> 7) as u8], content].concat()
    }

    fn custom(name: &str, content: &[u8]) -> Vec<u8> {
        section(0, &[&[name.len() as u8], name.as_bytes(), content].concat())
    }

    /// As the linker writes them, in five bytes each.
    fn padded(number: u32) -> [u8; 5] {
        [0, 7, 14, 21, 28].map(|shift| (number >> shift) as u8 & 0x7f | if shift < 28 { 0x80 } else { 0 })
    }

    /// Two functions, `early` and `late`, that name the first and the second of three objects of 40 bytes from 1024 on;
    /// the first names the third, at its byte 8.
    fn linked() -> Vec<u8> {
        let mut data = vec![0; 120];
        data[8..12].copy_from_slice(&1104_u32.to_le_bytes());
        linked_with(&data, &[(0, 40), (40, 40), (80, 40)], (8, 2))
    }

    /// The same of this data, with objects at these places and of these sizes; at a place in it one of them is named.
    fn linked_with(data: &[u8], objects: &[(u8, u8)], (at, named): (u8, u8)) -> Vec<u8> {
        let body = |object: usize| {
            [&[9, 0, 0x41][..], &padded(1024 + u32::from(objects[object].0)), &[0x1a, 0x0b]].concat()
        };
        let symbols =
            objects.iter().zip(b'a'..).map(|(&(offset, size), name)| [1, 0, 1, name, 0, offset, size]);
        let symbols = [vec![objects.len() as u8], symbols.flatten().collect()].concat();
        let names = [&[2, 0, 5][..], b"early", &[1, 4], b"late"].concat();
        [
            &b"\0asm\x01\0\0\0"[..],
            &section(1, &[1, 0x60, 0, 0]),
            &section(3, &[2, 0, 0]),
            &section(5, &[1, 0, 1]),
            &section(10, &[&[2][..], &body(0), &body(1)].concat()),
            &section(11, &[&[1, 0, 0x41, 0x80, 0x08, 0x0b, data.len() as u8][..], data].concat()),
            &custom("linking", &[&[2, 8, symbols.len() as u8][..], &symbols].concat()),
            // Kind, place, symbol, and what is added: of the code's section, then of the data's.
            &custom("reloc.CODE", &[3, 2, 4, 4, 0, 0, 4, 14, 1, 0]),
            &custom("reloc.DATA", &[4, 1, 5, 7 + at, named, 0]),
            &custom("name", &[&[1, names.len() as u8][..], &names].concat()),
        ]
        .concat()
    }

    #[test]
    fn a_place_in_the_source_and_the_name_of_its_file_are_not_reached() {
        let unreached = |name: &[u8; 8]| {
            // Of the file's name: where it is, and how long; line and column.
            let place = [1040_u32, 8, 7, 21].map(u32::to_le_bytes).concat();
            let linked = linked_with(&[place.as_slice(), name].concat(), &[(0, 16), (16, 8)], (0, 1));
            let mut module = module(&[("early", 1024)]);
            let ways = ways(&mut module);
            Linked::read(&linked).unwrap().unreached(&module, &ways).len()
        };
        assert_eq!(unreached(b"queue.rs"), 1);
        assert_eq!(unreached(b"a figure"), 0, "that is something else");
    }

    /// A module with that data, and functions of these names that name these addresses.
    fn module(functions: &[(&str, i32)]) -> Module {
        let mut module = Module::default();
        let memory = module.memories.add_local(false, false, 1, None, None);
        put(&mut module, memory, 1024, (0..120).collect());
        for &(name, address) in functions {
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
            builder.name(name.to_owned()).func_body().i32_const(address).drop();
            builder.finish(vec![], &mut module.funcs);
        }
        module
    }

    fn ways(module: &mut Module) -> Ways {
        Ways::to(module, BTreeMap::new())
    }

    #[test]
    fn data_that_functions_reach_is_what_they_name_and_what_that_names() {
        let linked = Linked::read(&linked()).unwrap();
        let unreached = |functions: &[(&str, i32)]| -> Vec<(u32, u32)> {
            let mut module = module(functions);
            let ways = ways(&mut module);
            linked.unreached(&module, &ways).into_iter().map(|piece| (piece.start, piece.end)).collect()
        };
        assert_eq!(unreached(&[("early", 1024)]), [(1064, 1104)]);
        assert_eq!(unreached(&[("late", 1064)]), [(1024, 1064), (1104, 1144)]);
        assert_eq!(unreached(&[]), [(1024, 1144)]);
        // That number is no address there; of a function that the linker did not know, each may be one.
        assert_eq!(unreached(&[("early", 1064)]), [(1024, 1144)]);
        assert_eq!(unreached(&[("added", 1070)]), [(1024, 1064), (1104, 1144)]);
    }

    #[test]
    fn a_module_that_the_linker_noted_nothing_of_keeps_all() {
        let linked = Linked::read(&module(&[("early", 1024)]).emit_wasm()).unwrap();
        let mut module = module(&[]);
        let ways = ways(&mut module);
        assert!(linked.unreached(&module, &ways).is_empty());
    }

    #[test]
    fn what_is_only_handed_on_to_what_comes_later_is_not_reached() {
        let linked = Linked::read(&linked()).unwrap();
        let unreached = |call: &dyn Fn(&mut InstrSeqBuilder)| {
            let mut module = module(&[]);
            let ways = ways(&mut module);
            let table = module.tables.add_local(false, 1, None, RefType::FUNCREF);
            let ty = module.types.add(&[ValType::I32, ValType::I32], &[]);
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
            let mut body = builder.name("early".to_owned()).func_body();
            call(&mut body);
            body.call(ways.wait).i32_const(0).call_indirect(ty, table);
            builder.finish(vec![], &mut module.funcs);
            linked
                .unreached(&module, &ways)
                .into_iter()
                .map(|piece| (piece.start, piece.end))
                .collect::<Vec<_>>()
        };
        let all = [(1024, 1144)];
        assert_eq!(unreached(&|body| _ = body.i32_const(7).i32_const(1024)), all);
        assert_eq!(unreached(&|body| _ = body.i32_const(1024).i32_const(7)), all);
        // Something else is done with it; it stays on the stack; it is what a value is made of.
        let second = [(1064, 1104)];
        assert_eq!(unreached(&|body| _ = body.i32_const(1024).drop().i32_const(7).i32_const(1024)), second);
        assert_eq!(unreached(&|body| _ = body.i32_const(1024).i32_const(7).i32_const(7)), second);
        let add = ir::BinaryOp::I32Add;
        assert_eq!(unreached(&|body| _ = body.i32_const(7).i32_const(1024).i32_const(7).binop(add)), second);
    }

    #[test]
    fn what_is_taken_leaves_the_rest_where_it_was() {
        let mut module = module(&[]);
        let taken = take(&mut module, &[1064..1104, 2000..2040]);
        assert_eq!(taken, [(1064, (40..80).collect())]);
        let [data] = module.data.iter().collect::<Vec<_>>()[..] else { panic!("in one piece") };
        assert_eq!(data.value, (0..40).chain([0; 40]).chain(80..120).collect::<Vec<u8>>());
    }
}
