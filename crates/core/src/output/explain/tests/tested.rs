//! Figures that were tested.

use super::*;

#[test]
fn a_median_beside_one_session() {
    let comparison = compared(&single(&at("1", 180.0, 1)), &at("2", 230.0, 2));
    insta::assert_snapshot!(explained(&comparison, "/a", "p50"), @r#"
    POST /a, p50: 181 ms -> 227 ms, +25.6 % (+12.3 to +40.5 %): regressed

     1. The change (docs/statistics.md 3.6, 3.7)
        The p50 in milliseconds, of the requests that succeeded, from the end of the ramp and of the
        warm-up on. Values are compared by their natural logarithms, so that a change is a factor; of
        several sessions the mean of these counts. d is the change, and worse is always the positive
        direction.
          baseline 181.06 ms, now 227.41 ms
          d = ln(227.41 / 181.06) = +0.22793, that is +25.6 %

     2. How much sessions of one server differ (docs/statistics.md 3.7)
        Two sessions of one and the same server differ, for reasons that no request shows. sigma0 is how
        much is expected (a standard deviation of 3.5 %); it weighs as much as 3 sessions. wb2 is the
        variance inside a stored session, seen in how its requests vary over time.
          sigma0 = 0.035, wb2 = 0.00005313
        No epoch has two sessions, so that nothing else is known of it: SS and f are 0. S2 is the
        variance of one session's value.
          SS = 0, f = 0
          S2 = (3 (sigma0^2 + wb2) + SS) / (3 + f) = (3 (0.001225 + 0.00005313) + 0) / (3 + 0) =
          0.0012781
        What is left of it without wb2 lies between sessions; it is never taken below a quarter of
        sigma0^2.
          between = max(S2 - wb2, sigma0^2 / 4) = max(0.001225, 0.00030625) = 0.001225

     3. How far the change may be off (docs/statistics.md 3.7)
        The baseline is the mean of K = 1 session, and what is judged of L = 1 session. wc2 is the
        variance inside the judged session. se is the standard error of d, df its degrees of freedom: 10
        for what was expected, and f.
          wc2 = 0.000025804
          se = sqrt(S2 / K + (between + wc2) / L) = sqrt(0.0012781 / 1 + (0.001225 + 0.000025804) / 1) =
          0.050289
          df = 10 + f = 10

     4. The interval (docs/statistics.md 3.7)
        In 95 of 100 such comparisons the true change lies in the interval. t is the 97.5 % quantile of
        Student's distribution with df degrees of freedom; that other figures are looked at as well is
        not in it.
          d -+ t se, t = 2.2281: +0.11588 to +0.33998, that is +12.3 to +40.5 %

     5. Could it be chance (docs/statistics.md 3.7)
        If nothing had changed, a change at least as bad as this one would come with the probability
        p(worse), and one at least as good with p(better).
          p(worse) = P(t > 4.5325) = 0.00054363
          p(better) = P(t < 4.5325) = 0.99946

     6. Many figures are looked at (docs/statistics.md 3.12)
        Of 5 figures some look bad by chance. So p is not compared with q = 0.05 but with q times its
        rank among all of them in ascending order, divided by their number (Benjamini and Hochberg); the
        largest rank that passes takes all smaller ones with it.
          worse: rank 1 of 5, limit 0.05 x 1 / 5 = 0.01; 0.00054363 <= 0.01: chance is excluded
          better: rank 4 of 5, limit 0.05 x 4 / 5 = 0.04; 0.99946 > 0.04: chance is not excluded

     7. The word (docs/statistics.md 3.12)
        A change below the floor of 5 % is never called, whatever chance says; "unchanged" is said where
        one of the margin, 10 %, is excluded with 95 % confidence. The first of these that holds is the
        word:
          regressed: chance is excluded (yes), and +0.22793 >= ln(1 + floor) = 0.04879 (yes)
          improved: chance is excluded (no), and +0.22793 <= -ln(1 + floor) = -0.04879 (no)
          unchanged: with 95 % confidence d is below +0.31908, and that is below ln(1 + margin) =
          0.09531 (no)
          inconclusive: none of these
        So the word is: regressed.

     8. What this comparison can see (docs/statistics.md 3.15)
        A change of 19 % is seen in about four of five comparisons with this standard error; of smaller
        ones more are missed.
    "#);
}

#[test]
fn a_throughput_beside_three_sessions() {
    let new = run("2", &spread("/a", 480, 60.0, 180.0, 2));
    insta::assert_snapshot!(explained(&compared(&sessions(3, 180.0), &new), "/a", "rate"), @r#"
    POST /a, throughput: 10.0 /s -> 8.00 /s, -20.0 % (-25.3 to -14.4 %): regressed

     1. The change (docs/statistics.md 3.6, 3.7)
        The throughput in successes a second, of the requests that succeeded, from the end of the ramp
        and of the warm-up on. Values are compared by their natural logarithms, so that a change is a
        factor; of several sessions the mean of these counts. d is the change, and worse is always the
        positive direction: less throughput is worse.
          baseline 10 a second, now 8 a second
          d = ln(10 / 8) = +0.22314, that is -20.0 %

     2. How much sessions of one server differ (docs/statistics.md 3.7)
        Two sessions of one and the same server differ, for reasons that no request shows. sigma0 is how
        much is expected (a standard deviation of 3.5 %); it weighs as much as 3 sessions. wb2 is the
        variance inside a stored session, seen in how its requests vary over time.
          sigma0 = 0.035, wb2 = 0.000013167
        The stored sessions show it as well: SS is the sum of their squared distances from the mean of
        their epoch, f how many there are beyond the first of each epoch. S2 is the variance of one
        session's value, from both.
          SS = 0, f = 2
          S2 = (3 (sigma0^2 + wb2) + SS) / (3 + f) = (3 (0.001225 + 0.000013167) + 0) / (3 + 2) =
          0.0007429
        What is left of it without wb2 lies between sessions; it is never taken below a quarter of
        sigma0^2.
          between = max(S2 - wb2, sigma0^2 / 4) = max(0.00072973, 0.00030625) = 0.00072973

     3. How far the change may be off (docs/statistics.md 3.7)
        The baseline is the mean of K = 3 sessions, and what is judged of L = 1 session. wc2 is the
        variance inside the judged session. se is the standard error of d, df its degrees of freedom: 10
        for what was expected, and f.
          wc2 = 0
          se = sqrt(S2 / K + (between + wc2) / L) = sqrt(0.0007429 / 3 + (0.00072973 + 0) / 1) =
          0.031263
          df = 10 + f = 12

     4. The interval (docs/statistics.md 3.7)
        In 95 of 100 such comparisons the true change lies in the interval. t is the 97.5 % quantile of
        Student's distribution with df degrees of freedom; that other figures are looked at as well is
        not in it.
          d -+ t se, t = 2.1788: +0.15503 to +0.29126, that is -25.3 to -14.4 %

     5. Could it be chance (docs/statistics.md 3.7)
        If nothing had changed, a change at least as bad as this one would come with the probability
        p(worse), and one at least as good with p(better).
          p(worse) = P(t > 7.1377) = 5.921e-6
          p(better) = P(t < 7.1377) = 0.99999

     6. Many figures are looked at (docs/statistics.md 3.12)
        Of 4 figures some look bad by chance. So p is not compared with q = 0.05 but with q times its
        rank among all of them in ascending order, divided by their number (Benjamini and Hochberg); the
        largest rank that passes takes all smaller ones with it.
          worse: rank 1 of 4, limit 0.05 x 1 / 4 = 0.0125; 5.921e-6 <= 0.0125: chance is excluded
          better: rank 3 of 4, limit 0.05 x 3 / 4 = 0.0375; 0.99999 > 0.0375: chance is not excluded

     7. The word (docs/statistics.md 3.12)
        A change below the floor of 5 % is never called, whatever chance says; "unchanged" is said where
        one of the margin, 10 %, is excluded with 95 % confidence. The first of these that holds is the
        word:
          regressed: chance is excluded (yes), and +0.22314 >= ln(1 + floor) = 0.04879 (yes)
          improved: chance is excluded (no), and +0.22314 <= -ln(1 + floor) = -0.04879 (no)
          unchanged: with 95 % confidence d is below +0.27886, and that is below ln(1 + margin) =
          0.09531 (no)
          inconclusive: none of these
        So the word is: regressed.

     8. What this comparison can see (docs/statistics.md 3.15)
        A change of 11 % is seen in about four of five comparisons with this standard error; of smaller
        ones more are missed.
    "#);
}

#[test]
fn failures_that_grew() {
    let old = run("1", &spread("/fails", 300, 60.0, 20.0, 5));
    let comparison = compared(&single(&old), &run("2", &failing("/fails", 20)));
    insta::assert_snapshot!(explained(&comparison, "/fails", "fail"), @"
    POST /fails, failures: 0 % -> 5.00 %, +5.0 pp: regressed

     1. The counts (docs/statistics.md 3.10)
        All failures and all requests of all runs of each side.
          baseline 0 of 300 = 0, now 15 of 300 = 0.05, difference +0.05

     2. Do failures come in clusters (docs/statistics.md 3.10)
        One restart fails many requests at once, which are one event and not many. D is by how much
        failures vary more over time, or between the baseline's runs, than independent ones would; each
        counts for one D-th.
          D = 1: 0 of 300 and 15 of 300 count

     3. Could it be chance (docs/statistics.md 3.10)
        If nothing had changed, each failure would fall to the new runs with the probability 0.5, their
        part of all requests. p(worse) is how probable at least so many are there, p(better) at most so
        many; I is the incomplete beta function, a0 and a1 the counts above.
          p(worse) = I(0.5; 15, 0 + 1) = 0.000030518
          p(better) = I(0.5; 0, 15 + 1) = 1
          p(worse) without clusters, D = 1: 0.000030518

     4. Many figures are looked at (docs/statistics.md 3.12)
        As for all 4 figures of the report, p is compared with q times its rank among them, divided by
        their number.
          worse: rank 1 of 4, limit 0.05 x 1 / 4 = 0.0125; 0.000030518 <= 0.0125: chance is excluded
          better: rank 4 of 4, limit 0.05 x 4 / 4 = 0.05; 1 > 0.05: chance is not excluded

     5. How many more may there be (docs/statistics.md 3.10)
        What the difference is below with 95 % confidence (Newcombe's bound, from Wilson's intervals).
          up to +0.075018

     6. The word (docs/statistics.md 3.12)
        A difference below the floor of 0.001 is never called. The first of these that holds is the
        word:
          regressed: chance is excluded (yes), and +0.05 >= 0.001 (yes)
          regressed too: +0.05 >= 0.05 (yes), and p without clusters 0.000030518 <= 0.001 (yes)
          improved: chance is excluded (no), and +0.05 <= -0.001 (no)
          inconclusive: p without clusters 0.000030518 <= 0.025 (yes), and +0.05 >= 0.001 (yes)
          unchanged: up to +0.075018 is below 0.01 (no), or nothing failed now (no)
          inconclusive: none of these
        So the word is: regressed.
    ");
}

#[test]
fn a_row_beside_six_others() {
    let text = explained(&seven_rows(), "model-0", "p50");
    let from = text.find("Against the other rows").unwrap();
    insta::assert_snapshot!(&text[from..], @r#"
    Against the other rows (docs/statistics.md 3.9)
        What all rows have in common is noise of the session. So the median row's change is taken off,
        and the same is reckoned with the smaller noise that is left. These tests are a family of their
        own.
          d(relative) = +0.2846, se = 0.033144
          worse: rank 1 of 21, limit 0.02 x 1 / 21 = 0.00095238; 3.151e-6 <= 0.00095238: chance is
          excluded
          better: rank 21 of 21, limit 0.02 x 21 / 21 = 0.02; 1 > 0.02: chance is not excluded

     8. The word (docs/statistics.md 3.12)
        A change below the floor of 5 % is never called, whatever chance says; "unchanged" is said where
        one of the margin, 10 %, is excluded with 95 % confidence. The first of these that holds is the
        word:
          regressed: chance is excluded (yes), and +0.29002 >= ln(1 + floor) = 0.04879 (yes)
          improved: chance is excluded (no), and +0.29002 <= -ln(1 + floor) = -0.04879 (no)
          unchanged: with 95 % confidence d is below +0.38504, and that is below ln(1 + margin) =
          0.09531 (no)
          inconclusive: none of these
        So the word is: regressed.

     9. What this comparison can see (docs/statistics.md 3.15)
        A change of 20 % is seen in about four of five comparisons with this standard error; of smaller
        ones more are missed.
    "#);
}

#[test]
fn the_average_of_a_csv() {
    let comparison = beside_csv(&at("1", 180.0, 1), &at("2", 210.0, 2));
    insta::assert_snapshot!(explained(&comparison, "/a", "p95"), @r#"
    POST /a, p95: 210 ms -> 248 ms, +18.3 % (-11.6 to +58.5 %): inconclusive

     1. The change (docs/statistics.md 3.6, 3.7)
        The p95 in milliseconds, of all requests of the whole run, failures included, because a side is
        a CSV. Values are compared by their natural logarithms, so that a change is a factor; of several
        sessions the mean of these counts. d is the change, and worse is always the positive direction.
          baseline 210 ms, now 248.49 ms
          d = ln(248.49 / 210) = +0.1683, that is +18.3 %
        A CSV has rounded values, so that the true change may be smaller or larger by as much as
        rounding can hide:
          smaller by up to 0.02353, larger by up to 0.024098 (3.13)

     2. How much sessions of one server differ (docs/statistics.md 3.7)
        Two sessions of one and the same server differ, for reasons that no request shows. sigma0 is how
        much is expected (a standard deviation of 8.5 %); it weighs as much as 3 sessions. wb2 is the
        variance inside a stored session, seen in how its requests vary over time.
          sigma0 = 0.085, wb2 = 0.000024295
        Usually sigma0 is 0.05 for this metric. It is another one because of --noise, because more was
        measured between the stored sessions, or, for p95 and p99, because too little was measured yet.
        No epoch has two sessions, so that nothing else is known of it: SS and f are 0. S2 is the
        variance of one session's value.
          SS = 0, f = 0
          S2 = (3 (sigma0^2 + wb2) + SS) / (3 + f) = (3 (0.007225 + 0.000024295) + 0) / (3 + 0) =
          0.0072493
        What is left of it without wb2 lies between sessions; it is never taken below a quarter of
        sigma0^2.
          between = max(S2 - wb2, sigma0^2 / 4) = max(0.007225, 0.0018063) = 0.007225

     3. How far the change may be off (docs/statistics.md 3.7)
        The baseline is the mean of K = 1 session, and what is judged of L = 1 session. wc2 is the
        variance inside the judged session. se is the standard error of d, df its degrees of freedom: 10
        for what was expected, and f.
          wc2 = 0.000024295
          se = sqrt(S2 / K + (between + wc2) / L) = sqrt(0.0072493 / 1 + (0.007225 + 0.000024295) / 1) =
          0.12041
          df = 10 + f = 10

     4. The interval (docs/statistics.md 3.7)
        In 95 of 100 such comparisons the true change lies in the interval. t is the 97.5 % quantile of
        Student's distribution with df degrees of freedom; that other figures are looked at as well is
        not in it.
          d -+ t se, t = 2.2281: -0.12352 to +0.46069, that is -11.6 to +58.5 %

     5. Could it be chance (docs/statistics.md 3.7)
        If nothing had changed, a change at least as bad as this one would come with the probability
        p(worse), and one at least as good with p(better).
          p(worse) = P(t > 1.2023) = 0.12847
          p(better) = P(t < 1.5978) = 0.92942

     6. Many figures are looked at (docs/statistics.md 3.12)
        Of 4 figures some look bad by chance. So p is not compared with q = 0.05 but with q times its
        rank among all of them in ascending order, divided by their number (Benjamini and Hochberg); the
        largest rank that passes takes all smaller ones with it.
          worse: rank 2 of 4, limit 0.05 x 2 / 4 = 0.025; 0.12847 > 0.025: chance is not excluded
          better: rank 2 of 4, limit 0.05 x 2 / 4 = 0.025; 0.92942 > 0.025: chance is not excluded

     7. The word (docs/statistics.md 3.12)
        A change below the floor of 10 % is never called, whatever chance says; "unchanged" is said
        where one of the margin, 20 %, is excluded with 95 % confidence. The first of these that holds
        is the word:
          regressed: chance is excluded (no), and +0.14477 >= ln(1 + floor) = 0.09531 (yes)
          improved: chance is excluded (no), and +0.1924 <= -ln(1 + floor) = -0.09531 (no)
          unchanged: with 95 % confidence d is below +0.41063, and that is below ln(1 + margin) =
          0.18232 (no)
          inconclusive: none of these
        So the word is: inconclusive.

     8. What this comparison can see (docs/statistics.md 3.15)
        A change of 56 % is seen in about four of five comparisons with this standard error; of smaller
        ones more are missed.
    "#);
    insta::assert_snapshot!(explained(&comparison, "/a", "p50"), @"
    POST /a, p50: 180 ms -> 207 ms, +15.1 %: shown only

     1. Is it judged (docs/statistics.md 3.1, 3.13)
        No. A side is a CSV whose p50 is rounded so coarsely that its rounding could hide or make a
        change; the average, which a CSV has exactly, is judged in its place.
        `--explain ROW avg` explains the figure that is judged.
    ");
}

#[test]
fn pairs_of_runs() {
    let text = explained(&pairs(&[(180.0, 205.0), (181.0, 207.0), (179.0, 204.0)]), "/a", "p50");
    let (from, to) = (text.find(" 2. ").unwrap(), text.find(" 4. ").unwrap());
    insta::assert_snapshot!(&text[from..to], @"
    2. How far the change may be off (docs/statistics.md 3.8)
       The two runs of a pair follow each other, so that most of what makes sessions differ cancels.
       pi0 is what is expected of a pair's difference: twice the square of 0.7 of the noise between
       sessions, sigma0 = 0.035, and the variances inside both runs. It weighs as much as 3 pairs. SS
       is how the m = 3 pairs differ from their mean.
         pi0 = 0.0013374, SS = 5.872e-6
         S2 = (3 pi0 + SS) / (3 + m - 1) = (3 x 0.0013374 + 5.872e-6) / 5 = 0.00080362
         se = sqrt(S2 / m) = sqrt(0.00080362 / 3) = 0.016367
         df = 10 + m - 1 = 12

    3. The interval (docs/statistics.md 3.7)
       In 95 of 100 such comparisons the true change lies in the interval. t is the 97.5 % quantile of
       Student's distribution with df degrees of freedom; that other figures are looked at as well is
       not in it.
         d -+ t se, t = 2.1788: +0.10516 to +0.17648, that is +11.1 to +19.3 %
    ");
}
