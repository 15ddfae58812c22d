"""The tables of scripts/bench/batching: medians over rounds, ratios within them."""

import statistics

AIM, LONG_ROW_US = 0.95, 1000  # Of the loop without a server, for models of 1 ms a row and more.
TOGETHER = "on, rows together"  # Of a batch, in one call.


def median(values):
    return statistics.median(values)


def best_batch(rounds):
    """The size of batch with which the loop without a server is fastest."""
    sizes = rounds[0]["loop"]
    return max(sizes, key=lambda rows: median(r["loop"][rows]["rows_per_second"] for r in rounds))


def show_capacity(rounds, variants, outstanding, workers):
    def of(name, key):
        return median(r["closed"][name][key] for r in rounds)

    batch = best_batch(rounds)

    def loop(key):
        return median(r["loop"][batch][key] for r in rounds)

    print(f"  {f'{outstanding} outstanding':<22}{'':>11}{'times':>8}{'of the':>9}{'rows an':>12}"
          f"{'worker CPU':>13}{'of the':>9}{'server CPU':>13}")
    print(f"  {'':<22}{'rows/s':>11}{'off':>8}{'loop':>9}{'execution':>12}{'us a row':>13}{'loop':>9}"
          f"{'us a row':>13}")
    shares = {}
    for name in (*variants, TOGETHER):
        # Round by round, since both sides of one round met the same neighbours.
        off = median(r["closed"][name]["rows_per_second"] / r["closed"]["off"]["rows_per_second"]
                     for r in rounds)
        share = median(r["closed"][name]["rows_per_second"] / r["loop"][batch]["rows_per_second"]
                       for r in rounds)
        cpu = median(r["loop"][batch]["cpu_us_per_row"] / r["closed"][name]["worker_us_per_row"]
                     for r in rounds)
        shares[name] = f"{share:.0%} (by its worker's CPU {cpu:.0%})"
        print(f"  {name:<22}{of(name, 'rows_per_second'):>11,.0f}{off:>8.2f}{share:>9.2f}"
              f"{of(name, 'rows_per_execution'):>12.1f}{of(name, 'worker_us_per_row'):>13.1f}"
              f"{cpu:>9.2f}{of(name, 'server_us_per_row'):>13.1f}")
    print(f"  {f'loop, batches of {batch}':<22}{loop('rows_per_second'):>11,.0f}{'':>8}{1:>9.2f}"
          f"{batch:>12.1f}{loop('cpu_us_per_row'):>13.1f}{1:>9.2f}")
    aimed = f"; aimed at {AIM:.0%}" if loop("cpu_us_per_row") >= LONG_ROW_US else ""
    print(f"  of the loop on {workers} thread{'s' if workers > 1 else ''}: {shares['on']} with a row a "
          f"call, {shares[TOGETHER]} together{aimed}")


def show_rates(rounds, variants, rates):
    print(f"\n  {'offered':<16}{'':<5}{'good/s':>8}{'p50 ms':>9}{'of on':>7}{'p99 ms':>9}{'of on':>7}"
          f"{'refused':>9}{'too late':>9}{'rows':>6}{'CPU us':>8}{'lag':>7}")
    for percent in rates:
        offered = median(r["open"][f"on@{percent}"]["offered_per_second"] for r in rounds)
        on = [r["open"][f"on@{percent}"] for r in rounds]
        for variant in variants:
            runs = [r["open"][f"{variant}@{percent}"] for r in rounds]

            def middle(key):
                return median(run[key] for run in runs)

            def ratio(key):
                both = [a[key] / b[key] for a, b in zip(runs, on) if b[key] > 0]
                return f"{median(both):.2f}" if both else "-"

            def share(*keys):
                return median(sum(run[key] for key in keys) / run["calls"] for run in runs)

            label = f"{percent} %, {offered:,.0f}/s" if variant == variants[0] else ""
            print(f"  {label:<16}{variant:<5}{middle('ok_per_second'):>8,.0f}"
                  f"{middle('p50_ms'):>9.2f}{ratio('p50_ms'):>7}"
                  f"{middle('p99_ms'):>9.2f}{ratio('p99_ms'):>7}"
                  f"{share('refused'):>9.1%}{share('late'):>9.1%}"
                  f"{middle('rows_per_execution'):>6.1f}{middle('server_us_per_row'):>8.0f}"
                  f"{middle('lag_p99_ms'):>7.2f}")


def show(report, variants, rates):
    runs = [run for rounds in report["models"].values() for r in rounds
            for part in ("closed", "open") for run in r[part].values()]
    others = sorted(run["others_cores"] for run in runs)
    print(f"Medians of {max(map(len, report['models'].values()))} interleaved rounds of "
          f"{report['seconds']:g} s, {report['workers']} worker, {report['cores']} cores with the "
          f"generator on them, load average\n{report['load_before']:.1f} before. Other processes used "
          f"{median(others):.1f} cores meanwhile (a tenth of the time more than "
          f"{others[len(others) * 9 // 10]:.1f})")
    for model, rounds in report["models"].items():
        print(f"\n{model}")
        show_capacity(rounds, variants, report["outstanding"], report["workers"])
        show_rates(rounds, variants, rates)
    print("\ngood/s: answered well within the deadline. too late: the others that were not refused. rows: "
          "of an execution.\nCPU us: of the server for each row computed. lag: p99 in ms by which the "
          "generator itself sent late.")
