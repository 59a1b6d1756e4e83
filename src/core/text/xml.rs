//! Reads the small XML documents that object stores answer with.
//!
//! Elements and text only: attributes are skipped, and document types are refused, so there are no entities but the
//! five predefined ones and character references, and nothing can expand.

use super::ParseError;

/// Deepest nesting read. Store replies have four levels.
pub const MAX_DEPTH: usize = 16;
/// Most elements read. A full page of 1000 parts has about 8000.
pub const MAX_ELEMENTS: usize = 20_000;

/// An element with what is inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// The name without its namespace prefix.
    pub name: String,
    /// The text directly inside, entities decoded, white space kept.
    pub text: String,
    /// The elements inside, in order.
    pub children: Vec<Element>,
}

impl Element {
    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of that name, in order.
    pub fn children(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of that name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }
}

const TRUNCATED: ParseError = ParseError("the XML ends too early");

/// Reads one document. White space may precede it, also before the XML declaration: S3 sends spaces to keep a
/// connection open while it assembles an object.
///
/// # Errors
/// Text that is not well formed, truncated, has a document type, or exceeds [`MAX_DEPTH`] or [`MAX_ELEMENTS`].
pub fn parse(text: &str) -> Result<Element, ParseError> {
    let mut reader = Reader::default();
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some((text, markup)) = rest.split_once('<') {
        reader.text(&decode(text)?)?;
        rest = if let Some(comment) = markup.strip_prefix("!--") {
            comment.split_once("-->").ok_or(TRUNCATED)?.1
        } else if let Some(literal) = markup.strip_prefix("![CDATA[") {
            let (literal, rest) = literal.split_once("]]>").ok_or(TRUNCATED)?;
            reader.text(literal)?;
            rest
        } else if let Some(instruction) = markup.strip_prefix('?') {
            instruction.split_once("?>").ok_or(TRUNCATED)?.1
        } else if markup.starts_with('!') {
            return Err(ParseError("the XML declares a document type"));
        } else if let Some(tag) = markup.strip_prefix('/') {
            let (name, rest) = tag.split_once('>').ok_or(TRUNCATED)?;
            reader.close(name.trim_end())?;
            rest
        } else {
            let (tag, rest) = split_tag(markup)?;
            let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let name = tag.split(char::is_whitespace).next().unwrap_or_default();
            reader.open(name)?;
            if empty {
                reader.close(name)?;
            }
            rest
        };
    }
    reader.text(&decode(rest)?)?;
    reader.finish()
}

/// The document as far as it has been read.
#[derive(Default)]
struct Reader<'a> {
    /// Elements not yet closed, outermost first, with their names as written.
    open: Vec<(&'a str, Element)>,
    root: Option<Element>,
    elements: usize,
}

impl<'a> Reader<'a> {
    fn text(&mut self, text: &str) -> Result<(), ParseError> {
        match self.open.last_mut() {
            Some((_, element)) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(ParseError("text outside the XML document")),
        }
        Ok(())
    }

    fn open(&mut self, name: &'a str) -> Result<(), ParseError> {
        let local = name.split_once(':').map_or(name, |(_, local)| local);
        self.elements += 1;
        if local.is_empty() {
            return Err(ParseError("an XML element without a name"));
        }
        if self.open.len() >= MAX_DEPTH || self.elements > MAX_ELEMENTS {
            return Err(ParseError("the XML is too deep or too long"));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(ParseError("more than one XML document"));
        }
        self.open.push((name, Element { name: local.to_owned(), ..Element::default() }));
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ParseError> {
        match self.open.pop() {
            Some((opened, element)) if opened == name => {
                match self.open.last_mut() {
                    Some((_, parent)) => parent.children.push(element),
                    None => self.root = Some(element),
                }
                Ok(())
            }
            _ => Err(ParseError("an XML end tag without its start tag")),
        }
    }

    fn finish(self) -> Result<Element, ParseError> {
        if self.open.is_empty() { self.root.ok_or(TRUNCATED) } else { Err(TRUNCATED) }
    }
}

/// Splits after a start tag's `>`, which may also stand inside a quoted attribute.
fn split_tag(markup: &str) -> Result<(&str, &str), ParseError> {
    let mut quote = None;
    let end = markup.find(|c: char| match quote {
        Some(open) => {
            if c == open {
                quote = None;
            }
            false
        }
        None if c == '"' || c == '\'' => {
            quote = Some(c);
            false
        }
        None => c == '>',
    });
    let (tag, rest) = end.and_then(|at| markup.split_at_checked(at)).ok_or(TRUNCATED)?;
    Ok((tag, rest.strip_prefix('>').unwrap_or(rest)))
}

fn decode(text: &str) -> Result<String, ParseError> {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, reference)) = rest.split_once('&') {
        let (name, after) = reference.split_once(';').ok_or(ParseError("an unfinished XML entity"))?;
        decoded.push_str(plain);
        decoded.push(entity(name).ok_or(ParseError("an unknown XML entity"))?);
        rest = after;
    }
    decoded.push_str(rest);
    Ok(decoded)
}

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

/// Text as it may stand inside an element.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A bare carriage return would be read back as a line feed.
            '\r' => escaped.push_str("&#13;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_text_and_attributes_are_read() {
        let text = "  <?xml version=\"1.0\"?>\n<!-- > --><s3:Result xmlns:s3='http://a>b' a=\"x/>\">\
                    <Part n='1'><Size>5</Size></Part ><Part/><Key> a &amp;&#x4e2d;&#20013; b </Key>\
                    <Raw><![CDATA[<&>]]></Raw></s3:Result>\n";
        let root = parse(text).unwrap();
        assert_eq!(root.name, "Result");
        assert_eq!(root.children("Part").count(), 2);
        assert_eq!(root.child("Part").and_then(|part| part.text_of("Size")), Some("5"));
        assert_eq!(root.text_of("Key"), Some(" a &中中 b "));
        assert_eq!(root.text_of("Raw"), Some("<&>"));
        assert_eq!(root.text_of("None"), None);
    }

    #[test]
    fn every_truncation_is_an_error() {
        let text = "<a x='1'><!-- c --><b>t&lt;</b><![CDATA[d]]><c/></a>";
        for end in 0..text.len() {
            assert!(parse(&text[..end]).is_err(), "{}", &text[..end]);
        }
        assert!(parse(text).is_ok());
    }

    #[test]
    fn malformed_documents_are_errors() {
        for text in [
            "",
            " ",
            "text",
            "<a>",
            "</a>",
            "<a></b>",
            "<a><b></a></b>",
            "<a/><b/>",
            "<a/>text",
            "<a>&nbsp;</a>",
            "<a>&#xD800;</a>",
            "<a>&#99999999999;</a>",
            "<a>& b</a>",
            "<></>",
            "< a/>",
            "<a '>",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn entity_bombs_are_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert!(parse(bomb).is_err());
    }

    #[test]
    fn deep_nesting_is_refused_at_the_limit() {
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert!(parse(&nested(MAX_DEPTH + 1)).is_err());
        assert!(parse(&nested(1_000_000)).is_err());
    }

    #[test]
    fn too_many_elements_are_refused_at_the_limit() {
        let wide = |count: usize| String::from("<a>") + &"<b/>".repeat(count) + "</a>";
        assert!(parse(&wide(MAX_ELEMENTS - 1)).is_ok());
        assert!(parse(&wide(MAX_ELEMENTS)).is_err());
    }

    #[test]
    fn escaped_text_is_read_back_unchanged() {
        let text = "a<b>&amp;\"'\r\n]]>中";
        let document = String::from("<a>") + &escape(text) + "</a>";
        assert_eq!(parse(&document).unwrap().text, text);
    }
}
