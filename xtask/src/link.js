// What stands at the end of the page's script instead of wasm-bindgen's own ways to begin: how the two parts of the
// program come together (split.rs). Page and workers start with the first part. The second comes later, or, at the latest,
// when something of it is called: then __late(), which belongs to who started it, gives the compiled module.

let own;

/** What is imported by its number, or without a name after the number of what was asked for before. */
const byNumber = of => {
  let number;
  return new Proxy({}, { get: (_, name) => of(number = name === '' ? number + 1 : Number(name)) });
};
const ofScript = () => byNumber(number => own[number]);

/** Adds the second part, once. It puts itself into the table of functions, and finds in it what it calls of the first. */
function link(part) {
  if (!part || !wasm || wasm.linked.value) return;
  new WebAssembly.Instance(part, { own: ofScript(), page: wasm, early: byNumber(place => wasm.functions.get(place)) });
  __late.linked = wasm.linked.value = 1;
}

/** What the first part imports: what the script does for it, and what stands for all of the second. */
function imports(functions) {
  own = functions;
  const wait = () => wasm.linked.value || link(__late());
  const called = (...values) => {
    wait();
    return wasm.functions.get(wasm.called.value)(...values);
  };
  return { own: ofScript(), late: { link: wait, called } };
}

/** Starts the program: what was fetched, or a module. */
async function init({ module_or_path: program }) {
  const needs = __wbg_get_imports();
  if (program instanceof WebAssembly.Module) {
    return __wbg_finalize_init(await WebAssembly.instantiate(program, needs), program);
  }
  // What is compiled as it comes must be called what it is.
  const { instance, module } = program.headers.get('Content-Type') === 'application/wasm'
    ? await WebAssembly.instantiateStreaming(program, needs)
    : await WebAssembly.instantiate(await program.arrayBuffer(), needs);
  return __wbg_finalize_init(instance, module);
}

export { init as default, link };
