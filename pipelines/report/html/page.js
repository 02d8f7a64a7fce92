"use strict";

// Tables: the button in a column heading sorts the rows, numerically by the values of the cells; rows without a value stay last.
function keyOf(row, column) {
  const cell = row.cells[column];
  if (column === 0) return cell.textContent.toLowerCase();
  return cell && cell.dataset.value ? Number(cell.dataset.value) : NaN;
}

function compareKeys(a, b, sign) {
  if (typeof a === "string") return sign * a.localeCompare(b, "en", { numeric: true });
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
  return sign * (a === b ? 0 : a < b ? -1 : 1);
}

function sortBy(head) {
  const table = head.closest("table");
  const reversed = { ascending: "descending", descending: "ascending" };
  const order = reversed[head.getAttribute("aria-sort")] || head.dataset.first;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const keyed = [...table.tBodies[0].rows].map((row) => ({ row, key: keyOf(row, head.cellIndex) }));
  keyed.sort((a, b) => compareKeys(a.key, b.key, sign));
  table.tBodies[0].append(...keyed.map(({ row }) => row));
}

for (const button of document.querySelectorAll("thead button")) {
  button.addEventListener("click", () => sortBy(button.parentElement));
}

// The command: copied, or selected if the browser does not allow copying.
for (const button of document.querySelectorAll("[data-copy]")) {
  const code = button.parentElement.querySelector("code");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

// Charts: hovering over a fuser in a legend dims the others in the charts below.
for (const key of document.querySelectorAll("ul.key[data-charts]")) {
  const series = [...key.nextElementSibling.querySelectorAll("g[data-name]")];
  const dim = (name) => series.forEach((g) => g.classList.toggle("dim", name !== null && g.dataset.name !== name));
  for (const item of key.children) {
    item.addEventListener("pointerenter", () => dim(item.dataset.name));
    item.addEventListener("pointerleave", () => dim(null));
  }
}

// Pictures: the first one of a section is open; a click toggles between its full size and the width of the section.
for (const section of document.querySelectorAll("section:has(.picture)")) section.querySelector(".picture").open = true;
for (const button of document.querySelectorAll(".picture button")) {
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") === "false");
  });
}
