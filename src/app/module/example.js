// A picture of one's own: how many calls each server holds, ten times slower than real.

import init, { Scenario, Simulation, labs } from './switchyard.js';

await init();
const sim = new Simulation(Scenario.check(labs()[0].scenario));
const context = document.querySelector('canvas').getContext('2d');
context.fillStyle = '#0072b2';
let last;

function frame(now) {
  const goesOn = sim.advance(Math.min(now - (last ?? now), 50) / 10);
  last = now;
  const { members } = sim.snapshot().nodes.find(({ state }) => state?.is === 'servers')?.state ?? { members: [] };
  context.clearRect(0, 0, 480, 200);
  members.forEach((member, index) => {
    const held = member.queued + member.workers.filter(work => work !== null).length;
    context.fillRect(20 + index * 60, 200 - held * 8, 40, held * 8);
  });
  document.querySelector('output').value = `t = ${(sim.t_ms / 1000).toFixed(2)} s`;
  if (goesOn) requestAnimationFrame(frame);
}
requestAnimationFrame(frame);
