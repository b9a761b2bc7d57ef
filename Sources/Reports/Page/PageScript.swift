/// What makes the page nicer to use, and is nowhere needed to read it: a filter, and a switch between light and dark.
enum PageScript {
    static let text = """
        "use strict";
        (() => {
          const root = document.documentElement, theme = document.getElementById("theme");
          const names = {auto: "as the system", light: "light", dark: "dark"};
          const store = {
            get() { try { return localStorage.getItem("nightshift-theme"); } catch { return null; } },
            set(v) { try { localStorage.setItem("nightshift-theme", v); } catch {} }
          };
          let look = names[store.get()] ? store.get() : "auto";
          const show = () => {
            if (look === "auto") root.removeAttribute("data-theme"); else root.dataset.theme = look;
            theme.textContent = "Colours: " + names[look];
          };
          theme.hidden = false;
          theme.onclick = () => {
            look = {auto: "light", light: "dark", dark: "auto"}[look];
            store.set(look);
            show();
          };
          show();

          const form = document.getElementById("filter"), none = document.getElementById("none");
          if (!form) return;
          const fold = s => s.normalize("NFKD").replace(/\\p{M}/gu, "").toLowerCase();
          const docs = Array.from(document.querySelectorAll(".doc"), e => ({
            e, head: null, jobs: Array.from(e.querySelectorAll(".job"), j => ({e: j, text: null}))
          }));
          const find = () => {
            const words = fold(form.elements.words.value).split(/\\s+/).filter(Boolean);
            const kind = form.elements.kind.value, state = form.elements.state.value;
            let jobs = 0, shown = 0;
            for (const d of docs) {
              d.head ??= fold(d.e.querySelector("h3").textContent + " " + (d.e.querySelector(".source")?.textContent ?? ""));
              let any = false;
              for (const j of d.jobs) {
                const fits = (!kind || j.e.dataset.kind === kind) && (!state || j.e.dataset.state === state)
                  && words.every(w => d.head.includes(w) || (j.text ??= fold(j.e.textContent)).includes(w));
                if (j.e.hidden === fits) j.e.hidden = !fits;
                if (fits) { any = true; jobs++; }
              }
              if (d.e.hidden === any) d.e.hidden = !any;
              if (any) shown++;
            }
            form.elements.count.value = shown.toLocaleString("en") + " of " + docs.length.toLocaleString("en")
              + (docs.length === 1 ? " document, " : " documents, ") + jobs.toLocaleString("en")
              + (jobs === 1 ? " result" : " results");
            none.hidden = shown > 0;
          };
          let timer;
          form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(find, 120); });
          form.addEventListener("reset", () => setTimeout(find));
          form.addEventListener("submit", e => { e.preventDefault(); find(); });
          addEventListener("keydown", e => {
            if (e.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)) {
              e.preventDefault();
              form.elements.words.focus();
            }
          });
          form.hidden = false;
          find();
        })();
        """
}
