// A worker beside the page: the page's own program, compiled already, with a job to do. `late` is the second part of
// the program, where it is in two (boot.js says more of it).
self.onmessage = async ({ data: { glue, module, late, job, canvas } }) => {
  self.onmessage = null;
  Object.assign(self, { job, canvas });
  self.__late = (own, page) => {
    let place;
    const early = new Proxy({}, {
      get: (_, name) => page().functions.get(place = name === '' ? place + 1 : Number(name)),
    });
    const link = () => {
      if (page().linked.value) return;
      new WebAssembly.Instance(late, { ...own, page: page(), early });
      page().linked.value = 1;
    };
    const called = (...values) => {
      link();
      return page().functions.get(page().called.value)(...values);
    };
    return { ...own, late: { link, called } };
  };
  const { default: init } = await import(glue);
  await init({ module_or_path: module });
};
