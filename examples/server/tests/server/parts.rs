use crate::harness::{ANY_RANGE, MIB, Raw, Server, content, header, http_reply, part, store_refusal};
use md5::{Digest, Md5};
use partwise::core::store::{Kind, ListedPart, PartPage};

const MIN: usize = 5 * MIB;

fn md5_hex(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn list(server: &Server, key: &str, id: &str) -> PartPage {
    let reply = server.ask(&Kind::S3.list_parts(key, id, None)).send().await.unwrap();
    Kind::S3.listed(&http_reply(reply).await).unwrap()
}

fn no_such_upload() -> (u16, String) {
    (404, "NoSuchUpload".to_owned())
}

#[tokio::test]
async fn parts_become_the_object_with_the_composite_etag() {
    let server = Server::start(&[]);
    let id = server.begin("dir/a b.bin").await;
    let (first, last) = (content(1, MIN), content(2, 1000));
    // Sent in any order, completed in ascending order.
    let etag2 = server.put("dir/a b.bin", &id, 2, last.clone()).await;
    let etag1 = server.put("dir/a b.bin", &id, 1, first.clone()).await;
    assert_eq!(etag1, format!("\"{}\"", md5_hex(&first)));
    let reply = server.complete("dir/a b.bin", &id, &[(1, &etag1), (2, &etag2)]).await;
    let completed = Kind::S3.completed(&http_reply(reply).await).unwrap();

    let digests = [Md5::digest(&first), Md5::digest(&last)].concat();
    assert_eq!(completed.etag.unwrap(), format!("\"{}-2\"", md5_hex(&digests)));
    assert_eq!(completed.key.unwrap(), "dir/a b.bin");
    assert_eq!(completed.location.unwrap(), format!("{}/dir/a%20b.bin", server.store));
    assert_eq!(server.read("dir/a b.bin").await, [first, last].concat());
    assert_eq!(server.unfinished().await, 0);
}

#[tokio::test]
async fn parts_are_listed_in_order_with_size_and_etag() {
    let server = Server::start(&[]);
    let id = server.begin("a").await;
    let mut expected = Vec::new();
    for number in [10_000, 3, 1, 20] {
        let bytes = content(u64::from(number), number as usize);
        expected.push(ListedPart {
            number: part(number),
            size: u64::from(number),
            etag: format!("\"{}\"", md5_hex(&bytes)),
        });
        server.put("a", &id, number, bytes).await;
    }
    expected.sort_by_key(|part| part.number);
    assert_eq!(list(&server, "a", &id).await, PartPage { parts: expected, next: None });
}

#[tokio::test]
async fn a_part_list_is_paged() {
    let server = Server::start(&[]);
    let id = server.begin("a").await;
    for number in 1..=5 {
        server.put("a", &id, number, vec![0; number as usize]).await;
    }
    let (mut after, mut pages) = (None, Vec::new());
    loop {
        let mut request = Kind::S3.list_parts("a", &id, after);
        request.query[0].1 = "2".to_owned();
        let page = Kind::S3.listed(&http_reply(server.ask(&request).send().await.unwrap()).await).unwrap();
        pages.push(page.parts.iter().map(|part| part.number.get()).collect::<Vec<_>>());
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(pages, [vec![1, 2], vec![3, 4], vec![5]]);
}

#[tokio::test]
async fn a_page_holds_a_thousand_parts_by_default() {
    let server = Server::start(&[]);
    let id = server.begin("a").await;
    for number in 1..=1001 {
        server.put("a", &id, number, Vec::new()).await;
    }
    let page = list(&server, "a", &id).await;
    assert_eq!((page.parts.len(), page.next), (1000, Some(part(1000))));
}

#[tokio::test]
async fn a_part_sent_again_replaces_the_first() {
    let server = Server::start(&[]);
    let id = server.begin("a").await;
    let old = server.put("a", &id, 1, b"old".to_vec()).await;
    let new = server.put("a", &id, 1, b"new and longer".to_vec()).await;
    let listed = list(&server, "a", &id).await.parts;
    assert_eq!((listed.len(), &listed[0].etag, listed[0].size), (1, &new, 14));
    assert_eq!(
        store_refusal(server.complete("a", &id, &[(1, &old)]).await).await,
        (400, "InvalidPart".to_owned())
    );
    assert_eq!(server.complete("a", &id, &[(1, &new)]).await.status(), 200);
    assert_eq!(server.read("a").await, b"new and longer");
}

#[tokio::test]
async fn a_part_that_is_not_what_its_md5_says_is_refused_and_the_good_one_stays() {
    let server = Server::start(&[]);
    let id = server.begin("a").await;
    let good = server.put("a", &id, 1, b"good".to_vec()).await;
    let request = Kind::S3.put_part("a", &id, part(1), ANY_RANGE, Some("XUFAKrxLKna5cZ2REBfFkg=="));
    let reply = server.ask(&request).body("damaged").send().await.unwrap();
    assert_eq!(store_refusal(reply).await, (400, "BadDigest".to_owned()));
    assert_eq!(list(&server, "a", &id).await.parts[0].etag, good);
    let reply = server.ask(&request).body("hello").send().await.unwrap();
    assert_eq!(header(&reply, "etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
}

#[tokio::test]
async fn parts_may_be_as_small_as_the_server_is_told() {
    let server = Server::start(&["--min-part", "3"]);
    for (size, fits) in [(2, false), (3, true)] {
        let id = server.begin("a").await;
        let first = server.put("a", &id, 1, content(1, size)).await;
        let last = server.put("a", &id, 2, content(2, 1)).await;
        let parts = [(1, first.as_str()), (2, last.as_str())];
        assert_eq!(server.complete("a", &id, &parts).await.status().is_success(), fits);
    }
}

#[tokio::test]
async fn a_refused_completion_destroys_nothing() {
    let server = Server::start(&[]);
    let id = server.begin("a").await;
    let small = server.put("a", &id, 1, content(1, MIN - 1)).await;
    let large = server.put("a", &id, 2, content(2, MIN)).await;
    let last = server.put("a", &id, 3, content(3, 1)).await;
    let wrong = format!("\"{}\"", md5_hex(b"else"));
    for (parts, code) in [
        (vec![(1, &small), (2, &large)], "EntityTooSmall"),
        (vec![(3, &last), (2, &large)], "InvalidPartOrder"),
        (vec![(2, &large), (2, &large)], "InvalidPartOrder"),
        (vec![(2, &wrong), (3, &last)], "InvalidPart"),
        (vec![(2, &large), (4, &last)], "InvalidPart"),
        (vec![], "MalformedXML"),
    ] {
        let parts: Vec<_> = parts.into_iter().map(|(number, etag)| (number, etag.as_str())).collect();
        let reply = server.complete("a", &id, &parts).await;
        assert_eq!(store_refusal(reply).await, (400, code.to_owned()), "{parts:?}");
    }
    assert_eq!(server.ask(&Kind::S3.head("a")).send().await.unwrap().status(), 404);
    assert_eq!(list(&server, "a", &id).await.parts.len(), 3);
    // Not all parts need to be used; what remains unused goes.
    assert_eq!(server.complete("a", &id, &[(2, &large), (3, &last)]).await.status(), 200);
    assert_eq!(server.read("a").await.len(), MIN + 1);
}

#[tokio::test]
async fn part_numbers_outside_1_to_10000_are_refused() {
    let server = Server::start(&[]);
    let id = server.begin("a").await;
    for number in ["0", "10001", "-1", "x"] {
        let mut request = Kind::S3.put_part("a", &id, part(1), ANY_RANGE, None);
        request.query[0].1 = number.to_owned();
        assert_eq!(server.ask(&request).body("x").send().await.unwrap().status(), 400, "{number}");
    }
    assert_eq!(list(&server, "a", &id).await.parts, []);
}

#[tokio::test]
async fn an_upload_that_has_ended_or_never_was_is_unknown() {
    let server = Server::start(&[]);
    let completed = server.begin("a").await;
    let etag = server.put("a", &completed, 1, b"x".to_vec()).await;
    assert_eq!(server.complete("a", &completed, &[(1, &etag)]).await.status(), 200);
    let aborted = server.begin("a").await;
    server.put("a", &aborted, 1, b"x".to_vec()).await;
    assert_eq!(server.ask(&Kind::S3.abort("a", &aborted)).send().await.unwrap().status(), 204);
    let of_another_key = server.begin("b").await;

    for id in [&completed, &aborted, &of_another_key, "0123456789abcdef0123456789abcdef", "../../index", "中"]
    {
        let put = Kind::S3.put_part("a", id, part(1), ANY_RANGE, None);
        assert_eq!(store_refusal(server.ask(&put).body("x").send().await.unwrap()).await, no_such_upload());
        let list = server.ask(&Kind::S3.list_parts("a", id, None)).send().await.unwrap();
        assert_eq!(store_refusal(list).await, no_such_upload());
        assert_eq!(store_refusal(server.complete("a", id, &[(1, &etag)]).await).await, no_such_upload());
        let abort = server.ask(&Kind::S3.abort("a", id)).send().await.unwrap();
        assert_eq!(store_refusal(abort).await, no_such_upload());
    }
    assert_eq!(server.read("a").await, b"x");
    assert_eq!(server.unfinished().await, 1);
}

#[tokio::test]
async fn unfinished_uploads_are_listed_page_by_page() {
    let server = Server::start(&[]);
    for key in ["x/2", "x/1", "y"] {
        server.begin(key).await;
    }
    let mut request = Kind::S3.list_uploads("x/", None);
    request.query.push(("max-uploads".to_owned(), "1".to_owned()));
    request.query.retain(|(name, value)| name != "max-uploads" || value == "1");
    let first = server.ask(&request).send().await.unwrap().text().await.unwrap();
    assert!(first.contains("<Key>x/1<") && !first.contains("<Key>x/2<"), "{first}");
    assert!(first.contains("<IsTruncated>true<"), "{first}");
    let id = first.split("<NextUploadIdMarker>").nth(1).unwrap().split('<').next().unwrap();
    request.query.push(("key-marker".to_owned(), "x/1".to_owned()));
    request.query.push(("upload-id-marker".to_owned(), id.to_owned()));
    let second = server.ask(&request).send().await.unwrap().text().await.unwrap();
    assert!(second.contains("<Key>x/2<") && second.contains("<IsTruncated>false<"), "{second}");
    assert_eq!(server.unfinished().await, 3);
}

#[tokio::test]
async fn a_part_cut_off_half_way_does_not_exist() {
    let server = Server::start(&[]);
    let id = server.begin("a").await;
    let url = server.sign(&Kind::S3.put_part("a", &id, part(1), ANY_RANGE, None));
    let mut connection = Raw::open("PUT", &url, "Content-Length: 1000\r\n");
    connection.send(&[0; 500]);
    drop(connection);
    assert_eq!(list(&server, "a", &id).await.parts, []);
    let etag = server.put("a", &id, 1, vec![1; 1000]).await;
    assert_eq!(list(&server, "a", &id).await.parts[0].etag, etag);
}

#[tokio::test]
async fn the_same_part_sent_many_times_at_once_is_one_of_them() {
    let server = Server::start(&[]);
    let id = server.begin("a").await;
    let sent = (0..8).map(|seed| server.put("a", &id, 1, content(seed, 300_000)));
    let etags = futures_util::future::join_all(sent).await;
    let listed = list(&server, "a", &id).await.parts;
    assert_eq!((listed.len(), listed[0].size), (1, 300_000));
    assert!(etags.contains(&listed[0].etag));
    assert_eq!(server.complete("a", &id, &[(1, &listed[0].etag)]).await.status(), 200);
    assert_eq!(format!("\"{}\"", md5_hex(&server.read("a").await)), listed[0].etag);
}

#[tokio::test]
async fn an_upload_completes_once_however_often_it_is_asked_to() {
    let server = Server::start(&[]);
    let id = server.begin("a").await;
    let etag = server.put("a", &id, 1, content(1, 2 * MIB)).await;
    let parts = [(1, etag.as_str())];
    let replies = futures_util::future::join_all((0..6).map(|_| server.complete("a", &id, &parts))).await;
    let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404, 404, 404]);
    assert_eq!(server.read("a").await, content(1, 2 * MIB));
}
