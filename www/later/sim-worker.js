// A worker beside the page: the page's own program, compiled already, with a job to do.
self.onmessage = async ({ data: { glue, module, job } }) => {
  self.onmessage = null;
  self.job = job;
  const { default: init } = await import(glue);
  await init({ module_or_path: module });
};
