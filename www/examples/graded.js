// Grades an exercise by the lab's events.

import '../embed.js';

const lab = document.querySelector('switchyard-lab');
const standing = document.querySelector('#standing');
const marks = document.querySelector('#marks');

const percent = score => `${Math.round(score * 100)} %`;

lab.addEventListener('progress', ({ detail }) => {
  standing.textContent = `Goals that hold so far: ${percent(detail.score)}.`;
});

lab.addEventListener('completed', ({ detail: { score, success } }) => {
  const row = marks.insertRow();
  for (const text of [marks.rows.length, percent(score), success ? 'met' : 'not met']) row.insertCell().textContent = text;
  standing.textContent = success ? 'Exercise met.' : 'Not met yet: change something and run it again.';
});
