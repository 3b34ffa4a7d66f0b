// Buttons that copy a text: <button data-copy="…" data-copied="Copied.">, after an element with it.

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    // Browsers let pages write to the clipboard only over HTTPS.
    if (!navigator.clipboard)
      return getSelection().selectAllChildren(button.previousElementSibling);
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });
}
