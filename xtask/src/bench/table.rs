//! Writes figures as a table: aligned for a terminal, with bars for a page.

use super::figure::{Budget, Figure, Spread, Standing};

const HEAD: [&str; 6] = ["what", "median (min–max, n)", "beside", "median (min–max, n)", "ratio", "budget"];

/// Returns the figures as aligned text.
pub(super) fn plain(figures: &[Figure]) -> String {
    let rows: Vec<[String; 6]> =
        [HEAD.map(str::to_owned)].into_iter().chain(figures.iter().map(row)).collect();
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Returns the figures as a Markdown table.
pub(super) fn markdown(figures: &[Figure]) -> String {
    let line = |cells: &[String; 6]| {
        format!("| {} |\n", cells.each_ref().map(|cell| cell.replace('|', "\\|")).join(" | "))
    };
    let mut text = line(&HEAD.map(str::to_owned));
    text.push_str("|---|---|---|---|---|---|\n");
    for figure in figures {
        text.push_str(&line(&row(figure)));
    }
    text
}

fn row(figure: &Figure) -> [String; 6] {
    let spread = |spread: &Spread| told(spread, &figure.unit);
    [
        figure.what.clone(),
        figure.ours.as_ref().map(spread).unwrap_or_default(),
        figure.beside.as_ref().map(|(name, _)| name.clone()).unwrap_or_default(),
        figure.beside.as_ref().map(|(_, base)| spread(base)).unwrap_or_default(),
        figure.ratio().map(number).unwrap_or_default(),
        budget(figure),
    ]
}

fn budget(figure: &Figure) -> String {
    let most = match figure.budget {
        Some(Budget::Most(most)) => format!("≤ {} {}: ", number(most), figure.unit),
        Some(Budget::Times(most)) => format!("ratio ≤ {}: ", number(most)),
        None => String::new(),
    };
    match figure.standing() {
        Standing::Held => format!("{most}held"),
        Standing::Missed => format!("{most}MISSED"),
        Standing::Skipped => {
            format!(
                "{most}SKIP, {}",
                figure.skipped.as_deref().unwrap_or("there is nothing to compare it with")
            )
        }
        Standing::Told => String::new(),
    }
}

fn told(spread: &Spread, unit: &str) -> String {
    let Spread { median, min, max, n } = spread;
    format!("{} {unit} ({}–{}, {n})", number(*median), number(*min), number(*max))
}

/// Writes about three digits, which is more than such figures hold.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value == value.trunc() => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _small => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Vec<Figure> {
        vec![
            Figure::new("a trial, CPU", "ms", &[12.34, 10.0, 200.4])
                .beside("two rooms", &[8.0])
                .held_to(Budget::Times(2.5)),
            Figure::new("start", "ms", &[101.0]).held_to(Budget::Most(100.0)),
            Figure::new("other", "MB", &[]).held_to(Budget::Most(60.0)).unless(Some("never")),
        ]
    }

    #[test]
    fn a_table_tells_medians_ratios_and_standing() {
        let lines = [
            "what          median (min–max, n)  beside     median (min–max, n)  ratio  budget",
            "a trial, CPU  12.3 ms (10–200, 3)  two rooms  8 ms (8–8, 1)        1.54   ratio ≤ 2.50: held",
            "start         101 ms (101–101, 1)                                         ≤ 100 ms: MISSED",
            "other                                                                 ≤ 60 MB: SKIP, nothing was measured",
        ];
        let told: Vec<String> = plain(&figures()).lines().map(str::to_owned).collect();
        let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let told: Vec<String> = told.iter().map(|line| squeezed(line)).collect();
        assert_eq!(told, lines.map(squeezed));
    }

    #[test]
    fn a_small_ratio_is_not_nothing() {
        let small = Figure::new("a workspace", "ms", &[13.3]).beside("a worktree", &[4280.0]);
        assert!(plain(&[small]).contains("0.0031"));
        assert_eq!(
            [0.0, 0.0022, 0.31, 2.5, 25.51, 257.1].map(number),
            ["0", "0.0022", "0.31", "2.50", "25.5", "257"]
        );
    }

    #[test]
    fn a_page_has_the_same_cells() {
        let page = markdown(&figures());
        assert_eq!(
            page.lines().nth(2),
            Some(
                "| a trial, CPU | 12.3 ms (10–200, 3) | two rooms | 8 ms (8–8, 1) | 1.54 | ratio ≤ 2.50: held |"
            )
        );
        assert_eq!(page.lines().count(), 5);
    }
}
