/** Leads links that name a former label of a question on this page to the question. */
export function followFormerLabels(questions) {
  const labels = new Map();
  for (const { label, former_labels: former = [] } of questions) {
    for (const name of former) labels.set(name, label);
  }
  const follow = () => {
    const name = location.hash.slice(1);
    if (labels.has(name) && !document.getElementById(name))
      location.replace(`#${labels.get(name)}`);
  };
  window.addEventListener("hashchange", follow);
  follow();
}
