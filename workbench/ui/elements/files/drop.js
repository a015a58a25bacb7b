// A place to drop files on; by keyboard it is a file input like any other.

const LARGEST = 12 * 1024 * 1024; // bytes; what fits into one message of the server with base64

export function render({ model }) {
  const zone = document.createElement("label");
  zone.className = "wb-drop";
  const text = document.createElement("span");
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.accept = model.accept;
  zone.append(text, input);
  const draw = () => (text.textContent = model.label);

  async function send(files) {
    const read = [];
    for (const file of files) {
      if (file.size > LARGEST) {
        read.push({ name: file.name, content: null });
        continue;
      }
      const url = await new Promise((done) => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result);
        reader.readAsDataURL(file);
      });
      read.push({ name: file.name, content: url.slice(url.indexOf(",") + 1) });
    }
    if (read.length) model.send_msg({ kind: "files", files: read });
  }

  input.addEventListener("change", () => {
    send([...input.files]).then(() => (input.value = "")); // the same file again is a change, too
  });
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    send([...event.dataTransfer.files]);
  });
  model.on("label", draw);
  draw();
  return zone;
}
