use crate::harness::{Raw, Server, header};

fn server() -> Server {
    let server = Server::start(&[]);
    std::fs::write(server.folder.join("page/index.html"), "<p>page").unwrap();
    std::fs::write(server.folder.join("page/.secret"), "secret").unwrap();
    std::fs::write(server.folder.join("dist/index.js"), "export {}").unwrap();
    std::fs::write(server.folder.join("dist/partwise_bg.wasm"), "\0asm").unwrap();
    std::fs::write(server.folder.join("outside"), "secret").unwrap();
    server
}

#[tokio::test]
async fn the_page_and_the_package_come_with_types_browsers_take() {
    let server = server();
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/index.html?x=1", "text/html; charset=utf-8"),
        ("/partwise/index.js", "text/javascript; charset=utf-8"),
        ("/partwise/partwise_bg.wasm", "application/wasm"),
    ] {
        let reply = server.http.get(format!("{}{path}", server.url)).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        assert_eq!(header(&reply, "content-type"), kind, "{path}");
        assert_eq!(header(&reply, "cache-control"), "no-cache", "{path}");
    }
    let reply = server.http.get(format!("{}/nothing.js", server.url)).send().await.unwrap();
    assert_eq!(reply.status(), 404);
    let reply = server.http.post(format!("{}/", server.url)).send().await.unwrap();
    assert_eq!(reply.status(), 405);
}

#[test]
fn nothing_outside_the_folders_is_served() {
    let server = server();
    for path in [
        "/../outside",
        "/%2e%2e/outside",
        "/..%2foutside",
        "/partwise/../../outside",
        "/partwise/%2e%2e%2foutside",
        "//etc/passwd",
        "/.secret",
    ] {
        let head = Raw::open("GET", &format!("{}{path}", server.url), "").head();
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
    }
}
