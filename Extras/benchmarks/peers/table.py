"""From the turns' figures to medians, bests, ratios and the straight line to another depth; and the printed tables."""

import statistics


def summary(turns):
    """{case: {"median", "best", "turns"}} of the turns of one engine at one depth."""
    names = [name for name, value in turns[0]["figures"].items() if isinstance(value, (int, float))]
    result = {}
    for name in names:
        values = [turn["figures"][name] for turn in turns]
        result[name] = {"median": statistics.median(values), "best": max(values), "turns": values}
    return result


def extrapolated(shallow, deep, layers):
    """Tokens a second at 28 layers, by the straight line of the time a token through two depths.

    `shallow`, `deep`: {case: tokens a second}; `layers`: their depths. A case whose time doesn't grow is left out.
    """
    result = {}
    for name in shallow.keys() & deep.keys():
        low, high = 1 / shallow[name], 1 / deep[name]
        each = (high - low) / (layers[1] - layers[0])
        if each > 0:
            result[name] = 1 / (high + each * (28 - layers[1]))
    return result


def case_titles(workload):
    titles = {"prefill": f"prefill {workload.prompt}"}
    for rows in workload.rows:
        titles[f"decode-{rows}"] = f"decode {rows}"
    for rows in workload.rows:
        titles[f"whole-{rows}"] = f"whole {rows}"
    return titles


def figure(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def span(values):
    low, high = figure(min(values)), figure(max(values))
    return low if low == high else f"{low} to {high}"


def lines(rows):
    """Columns as wide as needed; the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]).rstrip()
        for row in rows)


def speeds(entries, workload, field):
    """The table of one depth. `entries`: [{"label", "summary", "memory": (loaded, peak)}]."""
    titles = case_titles(workload)
    rows = [["tokens/s (" + field + ")", *titles.values(), "MiB loaded", "peak"]]
    for entry in entries:
        cells = [figure(entry["summary"].get(name, {}).get(field)) for name in titles]
        rows.append([entry["label"], *cells, *(f"{megabytes:.0f}" for megabytes in entry["memory"])])
    return lines(rows)


def ratios(pairs, workload):
    """`pairs`: [(label, ours, theirs)], both {case: tokens a second}."""
    titles = case_titles(workload)
    rows = [["nightshift is ... x as fast", *titles.values()]]
    for label, ours, theirs in pairs:
        rows.append([label, *(
            f"{ours[name] / theirs[name]:.2f}" if name in ours and name in theirs else "-" for name in titles)])
    return lines(rows)
