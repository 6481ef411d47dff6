/* Search in pages that are opened from the disk. A browser runs no worker from a file, so the theme's
   search worker runs in a hidden frame instead, in the page's own thread. The plugin `offline` would
   fetch such a script from the network; naming this file under `extra.polyfills` keeps it from that. */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.waiting = [];
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.srcdoc = "<!doctype html>";
      frame.addEventListener("load", () => {
        const inner = frame.contentWindow;
        inner.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
        const script = inner.document.createElement("script");
        script.src = new URL(url, location.href).href;
        script.addEventListener("load", () => {
          this.inner = inner;
          this.waiting.splice(0).forEach((data) => this.postMessage(data));
        });
        inner.document.body.append(script);
      }, { once: true });
      document.documentElement.append(frame);
    }

    postMessage(data) {
      if (this.inner) this.inner.dispatchEvent(new this.inner.MessageEvent("message", { data }));
      else this.waiting.push(data);
    }

    terminate() {}
  };
}
