//! Tables and properties of the HTML reader: what a person sees of a page, and that no page takes it long.

use super::*;
use crate::message::line::Mark;

fn shown(html: &str) -> String {
    render(html).lines.into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_a_reader_sees() {
    for (html, text) in [
        // Blocks break lines, and nothing is glued.
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<h1>one</h1>two<blockquote>three</blockquote><hr>four", "one\ntwo\nthree\nfour"),
        ("<p>one<p>two", "one\ntwo"),
        ("one<br>two<br/>three</br>four", "one\ntwo\nthree\nfour"),
        ("one<br><br>two", "one\n\ntwo"),
        ("<b>bo</b>ld <i>it</i>", "bold it"),
        ("<span>one</span> <span>two</span>", "one two"),
        ("<span>one </span><span> two</span>", "one two"),
        ("one\n   two\t&nbsp; three", "one two three"),
        ("<a>one</a><br>\n<a>two</a>", "one\ntwo"),
        ("one<wbr>two", "onetwo"),
        ("<button>one</button><button>two</button>", "one two"),
        ("<noscript>one</noscript>two", "one\ntwo"),
        ("<span style='display: block'>one</span><span style='display:table-row'>two</span>three", "one\ntwo\nthree"),
        ("<b style='display:inline-block'>one</b>two", "onetwo"),
        // Entities.
        ("&lt;b&gt; &amp; &eacute;&#8364;&#x20AC; &quot;", "<b> & é€€ \""),
        ("5 &lt 6 & 7", "5 < 6 & 7"),
        // Lists.
        ("<ul><li>one<li>two</ul>three", "- one\n- two\nthree"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ("<ul><li><p>one</p></li><li></li></ul>two", "- one\ntwo"),
        ("<ul><li>one<ul><li>two</ul><li>three</ul>", "- one\n- two\n- three"),
        ("<dl><dt>name<dd>value<dt>name:<dd>value</dl>", "name: value\nname: value"),
        // Links and images.
        ("see <a href='https://x.example/y'>the graph</a>", "see the graph"),
        ("<img alt='red' src=x>down", "red down"),
        ("up<img alt=''><img src=x><img alt=dot width=1><img alt=image001.png>down", "up down"),
        // What nobody sees.
        ("a<style>p{}</style><script>x<y</script><title>t</title>b", "a\nb"),
        ("<head><title>t</title></head><body>b", "b"),
        ("<head>b", "b"),
        ("a<!-- c --><!--[if mso]>d<![endif]-->b", "ab"),
        ("<div style='display:none'>x<div>y</div>z</div>seen", "seen"),
        ("<p style='display:none'>x<p>seen", "seen"),
        ("<input type=hidden hidden value=x>seen<img style='display:none' alt=x>", "seen"),
        ("<span hidden>x</span>seen", "seen"),
        ("<table><tr><td style='display:none'>x<td>seen</table>", "seen"),
        // Preformatted text.
        ("<pre>one\ntwo\n\nthree</pre>", "one\ntwo\n\nthree"),
        // Broken.
        ("one</div></p></table></td>two", "one\ntwo"),
        ("<b><i>one</b>two", "onetwo"),
        ("<<<", "<<<"),
        ("<div", ""),
        ("", ""),
    ] {
        assert_eq!(shown(html), text, "{html}");
    }
}

#[test]
fn tables_are_read_row_by_row() {
    for (html, text) in [
        (
            "<table><tr><td>Host</td><td>web1</td></tr><tr><td>State:</td><td>DOWN</td></tr></table>",
            "Host: web1\nState: DOWN",
        ),
        ("<table><tr><th>Host<td>web1<tr><th>State<td>DOWN</table>after", "Host: web1\nState: DOWN\nafter"),
        ("<table><tr><td>a<td>b<td>c</table>", "a: b, c"),
        ("<table><tr><td><td>only<td></table>", "only"),
        (
            "<table><thead><tr><th>Host<th>State<th>Since</thead><tr><td>web1<td>DOWN<td>12:00<tr><td>web2<td><td>12:01</table>",
            "Host: web1, State: DOWN, Since: 12:00\nHost: web2, Since: 12:01",
        ),
        ("<table><tr><th>a<th>b<th>c</table>", "a, b, c"),
        ("<table><tr><th>a<th>b<th>c<tr><td colspan=3>none</table>", "a, b, c\nnone"),
        ("<table><tr><td><p>one</p><p>two</p></td><td>three</td></tr></table>", "one\ntwo\nthree"),
        // A table for layout, with a table for words in it.
        ("<table><tr><td>before<table><tr><td>a<td>b</table>after</table>end", "before\na: b\nafter\nend"),
        ("<table><tr><td><table><tr><td>a<td>b</table><td><table><tr><td>c<td>d</table></table>", "a: b\nc: d"),
        ("<table>stray<tr><td>a<td>b</table>", "stray\na: b"),
        ("<td>a</td><td>b</td>", "a\nb"),
        ("<table><tr><td>a<td>b", "a: b"),
    ] {
        assert_eq!(shown(html), text, "{html}");
    }
}

#[test]
fn mail_programs_mark_what_they_quote() {
    let own = |html: &str| -> Vec<String> {
        let lines = render(html).lines.into_iter();
        lines.filter(|line| line.mark == Mark::Own && !line.is_blank()).map(|line| line.text).collect()
    };
    for html in [
        "own<blockquote type=cite>x<div>y</div></blockquote>",
        "own<div class=\"gmail_quote\"><div class=gmail_attr>On Monday x wrote:</div>y</div>",
        "own<div id=divRplyFwdMsg>From: x</div><div>y</div><p>z",
        "own<div id=x_divRplyFwdMsg>From: x</div><div>y</div>",
        "own<div id=appendonsend></div><hr><div>y</div>",
        "own<div class='yahoo_quoted'>x</div>",
        "own<div class=moz-cite-prefix>x</div><blockquote type=\"CITE\">y</blockquote>",
        "own<div class=gmail_signature>x</div>",
        "own<div id=Signature>x</div>",
        "<div class=signature>own</div>",
        "<blockquote type=cite><blockquote type=cite>x</blockquote>y</blockquote>own",
    ] {
        assert_eq!(own(html), ["own"], "{html}");
    }
}

#[test]
fn html_is_known_by_its_beginning() {
    for (text, is) in [
        ("\r\n <!DOCTYPE HTML PUBLIC", true),
        ("<html><body>", true),
        ("<div><b>CRITICAL</b></div>\n", true),
        ("<P class=x>Disk full<br>on web1</P>", true),
        ("<b>CRITICAL</b>: disk full", true),
        ("the <html> element", false),
        ("<alert><host>web1</host></alert>", false),
        ("<https://example.com>", false),
        ("<p>aragraph", false),
        ("<b> is not closed", false),
        ("words <b>bold</b>", false),
    ] {
        assert_eq!(is_html(text), is, "{text}");
    }
}

#[test]
fn a_document_may_name_its_character_set() {
    for (html, name) in [
        ("<meta charset=\"KOI8-R\">", Some("koi8-r")),
        ("<META Charset = iso-8859-2 />", Some("iso-8859-2")),
        (
            "<meta name=x><meta http-equiv='Content-Type' content='text/html; charset=windows-1251'>",
            Some("windows-1251"),
        ),
        ("<meta name=charset>", None),
        ("<p>charset=koi8-r</p>", None),
        ("", None),
    ] {
        assert_eq!(charset(html.as_bytes()).as_deref(), name, "{html}");
    }
}

/// Steps for each byte, whatever is done to the reader; `MAX_DEPTH` tables may each move a line once.
const STEPS_PER_BYTE: usize = 3;

#[test]
fn the_work_grows_no_faster_than_the_input() {
    for piece in [
        "<div>",
        "<table>",
        "<table><tr><td>",
        "<table><tr><td>x",
        "<tr><td>x",
        "<ul><li>",
        "<ol><li>x</ol>",
        "<b><i>",
        "<blockquote type=cite>",
        "<div style='display:none'>",
        "<p hidden>",
        "<a b=c d=e>",
        "&amp;",
        "&",
        "<",
        "<!--",
        "<!-- --!>",
        "</table>",
        "<br>",
        "<dt>x<dd>",
        "<pre>\n",
        "<th>a<th>b<th>c<tr>",
    ] {
        for count in [100, 1000, 10_000] {
            let html = piece.repeat(count);
            let work = render(&html).work;
            assert!(work <= STEPS_PER_BYTE * html.len(), "{work} steps for {count} times {piece}");
        }
    }
}

#[test]
fn a_long_document_is_cut() {
    let rendered = render(&"<p>words words words".repeat(20_000));
    assert!(rendered.is_cut);
    assert!(!render("<p>words").is_cut);
}
