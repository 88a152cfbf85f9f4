// A worker beside the page: the page's own program, compiled already, with a job to do. `late` is the second part of
// the program, where it is in two (boot.js says more of it).
self.onmessage = async ({ data: { glue, module, late, job, canvas } }) => {
  self.onmessage = null;
  Object.assign(self, { job, canvas, __late: () => late });
  const { default: init } = await import(glue);
  await init({ module_or_path: module });
};
