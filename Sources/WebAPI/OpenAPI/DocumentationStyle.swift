extension DocumentationPage {
    /// The style sheet: light or dark as the reader's system is, one column on narrow screens.
    static let style: StaticString = """
        :root { color-scheme: light dark; --text: #1c2321; --soft: #55605c; --line: #d9dfdc; --ground: #fff; --panel: #f5f7f6;
          --accent: #0b6b4f; --get: #0b6b4f; --post: #1d5fae; --put: #8a5a00; --patch: #7a3e9d; --delete: #b3261e; }
        @media (prefers-color-scheme: dark) { :root { --text: #e4e9e7; --soft: #a3b0ab; --line: #33403b; --ground: #121816;
          --panel: #1a221f; --accent: #6fd3ae; --get: #6fd3ae; --post: #8fbcff; --put: #f0bd64; --patch: #d6a6f2;
          --delete: #ff9e94; } }
        * { box-sizing: border-box; }
        html { scroll-padding-top: 1rem; }
        body { margin: 0; color: var(--text); background: var(--ground); font: 1rem/1.55 system-ui, sans-serif; }
        a { color: var(--accent); text-underline-offset: .15em; }
        a:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
        .skip { position: absolute; left: -100rem; }
        .skip:focus { left: 1rem; top: 1rem; padding: .5rem 1rem; background: var(--ground); z-index: 1; }
        .page { display: grid; grid-template-columns: 19rem minmax(0, 1fr); max-width: 88rem; margin: 0 auto; }
        nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem 2rem 1.5rem;
          border-right: 1px solid var(--line); font-size: .875rem; }
        nav ul { list-style: none; margin: .25rem 0 1rem; padding: 0; }
        nav li a { display: block; padding: .15rem .5rem; color: var(--text); text-decoration: none; border-radius: .3rem; }
        nav li a:hover { background: var(--panel); }
        nav p { margin: 0; font-weight: 600; }
        nav p a { color: var(--text); text-decoration: none; }
        nav summary { display: none; font-weight: 600; padding: .5rem 0; cursor: pointer; }
        main { padding: 1.5rem 2.5rem 6rem; min-width: 0; }
        h1 { font-size: 2rem; line-height: 1.2; margin: 1rem 0 .25rem; }
        h2 { font-size: 1.5rem; line-height: 1.25; margin: 3.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
        h3 { font-size: 1.125rem; margin: 0 0 .25rem; }
        h4 { font-size: .8125rem; margin: 1.25rem 0 .25rem; color: var(--soft); text-transform: uppercase; letter-spacing: .04em; }
        p { margin: .5rem 0; max-width: 48rem; }
        .soft { color: var(--soft); }
        .operation, .schema { margin: 1.75rem 0; padding: 1.25rem 1.5rem; border: 1px solid var(--line); border-radius: .6rem; }
        .address { margin: 0; font: .9375rem/1.6 ui-monospace, monospace; overflow-wrap: anywhere; }
        .method { font-weight: 700; margin-right: .6em; }
        .get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .patch { color: var(--patch); }
        .delete { color: var(--delete); }
        code, pre { font: .875em/1.5 ui-monospace, monospace; }
        code { background: var(--panel); padding: .1em .3em; border-radius: .25em; overflow-wrap: anywhere; }
        pre { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; padding: .75rem 1rem; margin: .5rem 0;
          overflow-x: auto; max-width: 100%; }
        pre code { background: none; padding: 0; overflow-wrap: normal; }
        .table { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
        th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); }
        thead th { border: 0; color: var(--soft); font-weight: 500; font-size: .8125rem; }
        tbody th { font-weight: 400; white-space: nowrap; }
        .required { color: var(--delete); font-size: .75rem; margin-left: .4em; }
        details { margin: .5rem 0; } summary { cursor: pointer; }
        @media (max-width: 60rem) { .page { display: block; }
          nav { position: static; height: auto; max-height: 50vh; border: 0; border-bottom: 1px solid var(--line); padding: .25rem 1rem; }
          nav summary { display: list-item; } main { padding: 1rem 1rem 4rem; }
          .operation, .schema { padding: 1rem; } h1 { font-size: 1.6rem; } }
        @media print { nav { display: none; } .page { display: block; } .operation { break-inside: avoid; } }
        """
}
