//! A hash job done at once.

use partwise::core::hash::{Digester, Piece, Reading};

/// All that is told of a job over a file of these bytes.
pub fn pieces(reading: &Reading, bytes: &[u8]) -> Vec<Piece> {
    let mut digester = Digester::new(reading.wanted);
    if let Some(whole) = reading.after.clone() {
        digester = digester.after(whole);
    }
    let ranges = reading.ranges.iter().map(|range| &bytes[range.start as usize..range.end as usize]);
    let read = ranges.collect::<Vec<_>>().concat();
    let every = if reading.every == 0 { read.len() } else { reading.every as usize };
    let pieces = if read.is_empty() { vec![&read[..]] } else { read.chunks(every).collect() };
    assert_eq!(pieces.len(), reading.pieces());
    pieces
        .into_iter()
        .enumerate()
        .map(|(index, piece)| {
            digester.update(piece);
            let digests = digester.end_piece();
            Piece { index, digests, whole: digester.whole().cloned() }
        })
        .collect()
}
