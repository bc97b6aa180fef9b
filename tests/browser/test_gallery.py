"""Pictures are enlarged, turned over and closed by the keyboard and by the mouse."""


def test_enter_enlarges_arrows_go_on_and_escape_closes(opened):
    page = opened().page
    tile = page.locator("[data-tile]").nth(1)
    tile.focus()
    page.keyboard.press("Enter")
    viewer = page.locator("#viewer")
    assert viewer.is_visible()
    assert [text.strip() for text in viewer.locator(".stage figcaption").all_inner_texts()] == [
        "Overlay",
        "Image",
        "Truth",
        "Prediction",
    ]
    total = int(viewer.locator(".viewer-place").inner_text().split()[-1])
    places = [viewer.locator(".viewer-place").inner_text()]
    for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
        places.append(viewer.locator(".viewer-place").inner_text())
    assert [int(place.split()[0]) for place in places] == [2, 3, 2, 1, total]
    page.keyboard.press("Escape")
    assert not viewer.is_visible()
    assert page.evaluate("document.activeElement.dataset.tile") is not None


def test_click_enlarges_and_the_button_closes(opened):
    page = opened().page
    page.locator("[data-tile]").first.click()
    assert page.locator("#viewer-title").inner_text().startswith("Image ISIC_")
    page.get_by_role("button", name="Next").click()
    assert "Dice" in page.locator(".viewer-caption").inner_text()
    page.get_by_role("button", name="Close").click()
    assert not page.locator("#viewer").is_visible()


def test_switched_off_experiments_are_passed_over(opened):
    page = opened().page
    page.locator('[data-toggle="0"]').first.click()
    page.locator("[data-tile]").first.click()
    page.keyboard.press("ArrowRight")
    assert "Fine-tuned" in page.locator(".viewer-caption").inner_text()


def test_enlarged_masks_are_those_of_the_tile(opened):
    page = opened().page
    tile = page.locator('[data-tile="prediction"]').nth(1)
    tile.click()
    drawn = page.locator('.stage svg[aria-label="Prediction"] path').evaluate_all(
        "(all) => all.map((p) => p.getAttribute('d'))"
    )
    kept = tile.locator(".tp, .fp").evaluate_all("(all) => all.map((p) => p.getAttribute('d'))")
    assert drawn == kept
    assert any(drawn)
