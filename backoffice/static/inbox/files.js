// Files that were chosen and not sent yet: picked, dropped or pasted; told with size and type, and why one cannot go.

import { byId, said, spare } from './page.js';

const KILO = 1000;
const chosen = new Map(); // conversation -> File[]

const of = (form) => chosen.get(form.dataset.conversation) ?? [];
export const hasFiles = () => [...chosen.values()].some((files) => files.length);

export function takeFiles(form) {
  const files = of(form);
  chosen.delete(form.dataset.conversation);
  showFiles(form);
  return files;
}

export function giveBack(form, files) {
  chosen.set(form.dataset.conversation, [...files, ...of(form)]);
  showFiles(form);
}

export function addFiles(form, files) {
  if (!form?.elements.files || !files.length) return;
  chosen.set(form.dataset.conversation, [...of(form), ...files]);
  showFiles(form);
}

// Why the channel would not take it; null where it would.
function refusal(form, file, place) {
  const { most, size, imageSize, types } = form.dataset;
  if (place >= Number(most)) return form.dataset.saidMost;
  if (!file.size) return said('empty');
  if (types && !types.split(' ').includes(file.type)) return form.dataset.saidType;
  if (file.type.startsWith('image/') && file.size > Number(imageSize)) return form.dataset.saidImage;
  if (file.size > Number(size)) return form.dataset.saidSize;
  return null;
}

export const refusedFile = (form) => of(form).findIndex((file, place) => refusal(form, file, place) !== null);

function told(bytes) {
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
  return bytes < KILO * KILO ? `${number.format(Math.max(1, Math.round(bytes / KILO)))} kB` : `${number.format(bytes / KILO / KILO)} MB`;
}

export function showFiles(form) {
  const list = byId('chosen');
  if (!list) return;
  list.replaceChildren(...of(form).map((file, place) => {
    const line = spare('spare-file');
    const why = refusal(form, file, place);
    line.querySelector('b').textContent = file.name;
    line.querySelector('small').textContent = why ?? [file.type, told(file.size)].filter(Boolean).join(' · ');
    line.classList.toggle('refused', why !== null);
    line.querySelector('button').dataset.remove = place;
    line.querySelector('.vh').textContent = said('remove').replace('{name}', file.name);
    return line;
  }));
}

export function removeFile(form, place) {
  const files = of(form).filter((_, other) => other !== place);
  chosen.set(form.dataset.conversation, files);
  showFiles(form);
  (byId('chosen').querySelectorAll('button')[Math.min(place, files.length - 1)] ?? form.elements.text).focus();
}

const dragged = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
const box = () => byId('composer')?.querySelector('.box:not(.shut)');

document.addEventListener('change', (event) => {
  if (event.target.id !== 'files') return;
  addFiles(event.target.form, [...event.target.files]);
  event.target.value = '';
});
document.addEventListener('paste', (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (event.target.id !== 'text' || !files.length) return;
  event.preventDefault();
  addFiles(event.target.form, files);
});
document.addEventListener('dragover', (event) => {
  if (!dragged(event)) return;
  event.preventDefault(); // else the browser leaves the page and opens the file
  box()?.classList.toggle('over', Boolean(event.target.closest('#hilo')));
});
document.addEventListener('dragleave', (event) => { if (!event.relatedTarget) box()?.classList.remove('over'); });
document.addEventListener('drop', (event) => {
  if (!dragged(event)) return;
  event.preventDefault();
  box()?.classList.remove('over');
  if (event.target.closest('#hilo')) addFiles(byId('composer'), [...event.dataTransfer.files]);
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('#chosen button[data-remove]');
  if (button) removeFile(byId('composer'), Number(button.dataset.remove));
});
